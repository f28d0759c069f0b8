import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";

/** The flags of a rewind, as far as they may contradict one another; undefined: not said. */
export interface RewindFlags {
  readonly cancel?: true | undefined;
  readonly to?: unknown;
  readonly topic: readonly unknown[];
  readonly dryRun?: true | undefined;
  readonly wait?: unknown;
  readonly yesIMean?: unknown;
}

/**
 * Requires that they say one thing: what is taken back is not begun, and is the whole of what stands.
 * @throws CliError usage, with the flag that is too much.
 */
export function requireOneMeaning({
  cancel,
  to,
  topic,
  dryRun,
  wait,
  yesIMean,
}: RewindFlags): void {
  const said: Readonly<Record<string, boolean>> = {
    "--to": to !== undefined,
    "--topic": topic.length > 0,
    "--dry-run": dryRun === true,
    "--wait": wait !== undefined,
    "--yes-i-mean": yesIMean !== undefined,
  };
  const [extra] = Object.keys(said).filter((flag) => said[flag] === true);
  if (cancel === true && extra !== undefined) {
    throw usage(`--cancel takes a rewind back, all of it and at once: ${extra} cannot go with it`);
  }
  if (to === undefined && topic.length > 0) {
    throw usage("--topic goes with --to: without it the rewind that stands goes on, all of it");
  }
}

function usage(message: string): CliError {
  return new CliError(EXIT.usage, `groups rewind: ${message}`);
}
