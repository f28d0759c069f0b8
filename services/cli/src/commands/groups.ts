import { InvalidArgumentError } from "@commander-js/extra-typings";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import type { Repetition } from "../groups/show-reports.ts";
import { parseDuration } from "../position.ts";
import type { Registrar } from "./registrar.ts";

/** Between two looks, ms. */
const INTERVAL_DEFAULT_MS = 2_000;
const INTERVAL_MIN_MS = 500;
const INTERVAL_MAX_MS = 86_400_000;

const LIST_HELP = `
Asks Kafka alone: no delivery process has to run. LAG is what lies above the committed offset, WAITING what of that is not
settled, AGE that of the oldest event that waits. NOT STARTED: no offset is committed yet. HALTED: records or offsets are
gone, and the target stands still there until somebody decides.`;

const DESCRIBE_HELP = `
Asks Kafka alone: no delivery process has to run. DONE is what is settled above the committed offset. HEAD is the first
record that is not, and WAITS FOR what Kafka tells of the reason: in work (its owner has it), no owner, rebalance, a
quarantined, deferred or blocked key, retention (that many records were deleted before they were delivered).
Keys that are personal data are masked.

Examples:
  millrace groups describe crm
  millrace groups describe crm --watch
  millrace groups describe crm -o json | jq '.items[] | select(.waiting > 0) | .head'`;

/** Defines `groups list` and `groups describe`. */
export function addGroupCommands({ program, act }: Registrar): void {
  const groups = program.command("groups").description("how far the targets are");
  groups
    .command("list")
    .description("show how far behind each target is")
    .option("-w, --watch", WATCH)
    .option("--interval <duration>", INTERVAL, interval)
    .addHelpText("after", LIST_HELP)
    .action((flags) =>
      act(async (context) => {
        const repetition = repetitionOf(flags);
        const { groupsList } = await import("../actions/groups-list.ts");
        return groupsList(context, repetition);
      }),
    );
  groups
    .command("describe")
    .description("show where a target is in each partition, and what stands at the head")
    .argument("<target>", "a target of the configuration")
    .option("-w, --watch", WATCH)
    .option("--interval <duration>", INTERVAL, interval)
    .option("--unmask", "show keys that are personal data")
    .addHelpText("after", DESCRIBE_HELP)
    .action((target, { unmask, ...flags }) =>
      act(async (context) => {
        const repetition = repetitionOf(flags);
        const { groupsDescribe } = await import("../actions/groups-describe.ts");
        const privacy = unmask === true ? "unmasked" : "masked";
        return groupsDescribe(context, { target, privacy }, repetition);
      }),
    );
}

const WATCH = "show it again and again, until Ctrl-C";
const INTERVAL = "between two looks, with --watch (default: 2s)";

function repetitionOf(flags: {
  readonly watch?: true | undefined;
  readonly interval?: number | undefined;
}): Repetition {
  if (flags.watch === true) {
    return { kind: "watch", intervalMs: flags.interval ?? INTERVAL_DEFAULT_MS };
  }
  if (flags.interval === undefined) return { kind: "once" };
  throw new CliError(EXIT.usage, "groups: --interval goes with --watch");
}

function interval(text: string): number {
  const durationMs = parseDuration(text);
  const isFit =
    durationMs !== null && durationMs >= INTERVAL_MIN_MS && durationMs <= INTERVAL_MAX_MS;
  if (isFit) return durationMs;
  throw new InvalidArgumentError("It must be a duration such as 5s or 1m, from 500ms to 1d.");
}
