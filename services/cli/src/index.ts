export { EXIT, type ExitCode } from "./exit-code.ts";
export type { Interrupts } from "./context.ts";
export {
  API_VERSION,
  OUTPUT_FORMATS,
  type Document,
  type OutputFormat,
} from "./output/document.ts";
export type { OutputStream } from "./output/terminal.ts";
export { parsePosition, POSITION_GRAMMAR, type Position } from "./position.ts";
export { run } from "./run.ts";
export type { Surroundings } from "./surroundings.ts";
