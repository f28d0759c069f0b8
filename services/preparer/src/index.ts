export { TargetEventPreparer } from "./event-preparer.ts";
export { createTargetDecoder } from "./target-decoder.ts";
export type { TargetContracts } from "./target-decoder.ts";
