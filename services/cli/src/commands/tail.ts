import type { CommandContext } from "../context.ts";
import { CliError, reasonOf } from "../cli-error.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { parsePosition, POSITION_GRAMMAR, type Position } from "../position.ts";
import type { Registrar } from "./registrar.ts";
import { count, partitions } from "./option-value.ts";

const TAIL_HELP = `
A position is ${POSITION_GRAMMAR}.
Without --from: the last ten events, then those to come, until Ctrl-C. Fields that schemas annotate as personal data are
masked. On a terminal a table, otherwise NDJSON; a record that is no event is shown with what is wrong with it.

Examples:
  millrace tail flights
  millrace tail flights --from -15m --filter 'event.data.tailNumber == "N14228"'
  millrace tail flights --from earliest -e -o ndjson > flights.ndjson`;

/** Defines `tail`. */
export function addTailCommand({ program, act }: Registrar): void {
  program
    .command("tail")
    .description("show the events of a topic, decoded")
    .argument("<topic>", "topic")
    .option("--from <position>", "where to begin")
    .option("--to <position>", "where to end; that record is not shown any more")
    .option("-e, --end", "end at what is the end now: the same as --to latest")
    .option("-p, --partition <list>", "these partitions only, such as 0,3", partitions)
    .option("-k, --key <key>", "events of this key only")
    .option("--filter <cel>", "events for which this is true only")
    .option("-n, --count <number>", "end after so many events", count)
    .option("--target <target>", "the target whose offsets 'committed' means")
    .option("--unmask", "show personal data")
    .addHelpText("after", TAIL_HELP)
    .action((topic, flags) => act((context) => tail(context, topic, flags)));
}

interface TailFlags {
  readonly from?: string;
  readonly to?: string;
  readonly end?: true;
  readonly partition?: readonly number[];
  readonly key?: string;
  readonly filter?: string;
  readonly count?: number;
  readonly target?: string;
  readonly unmask?: true;
}

async function tail(context: CommandContext, topic: string, flags: TailFlags): Promise<ExitCode> {
  if (flags.end === true && flags.to !== undefined) {
    throw new CliError(EXIT.usage, "tail: give --to or -e, not both");
  }
  const now = Date.now();
  const to = flags.end === true ? "latest" : flags.to;
  const { tail: run } = await import("../actions/tail.ts");
  return run(context, {
    topic,
    from: positionOf("--from", flags.from, now),
    to: positionOf("--to", to, now),
    partitions: flags.partition ?? null,
    key: flags.key ?? null,
    filter: flags.filter ?? null,
    countMax: flags.count ?? Number.POSITIVE_INFINITY,
    target: flags.target ?? null,
    privacy: flags.unmask === true ? "unmasked" : "masked",
  });
}

function positionOf(option: string, text: string | undefined, now: number): Position | null {
  if (text === undefined) return null;
  try {
    return parsePosition(text, now);
  } catch (error) {
    throw new CliError(EXIT.usage, `tail: ${option} ${reasonOf(error)}`, { cause: error });
  }
}
