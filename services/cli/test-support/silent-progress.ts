import { PassThrough } from "node:stream";
import { Progress } from "../src/output/progress.ts";
import { Terminal } from "../src/output/terminal.ts";

/** A progress that nobody sees. */
export function silentProgress(): Progress {
  const [output, error] = [new PassThrough(), new PassThrough()];
  return new Progress(
    new Terminal({ output, error, env: {}, verbosity: "quiet", colour: "never" }),
  );
}
