import type { Readable } from "node:stream";
import type { Interrupts } from "./context.ts";
import type { OutputStream } from "./output/terminal.ts";

/** What a command line meets: the process's streams and environment, or a test's. */
export interface Surroundings {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly stdin: Readable;
  readonly env: NodeJS.ProcessEnv;
  readonly interrupts: Interrupts;
}
