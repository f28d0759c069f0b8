import { InvalidArgumentError } from "@commander-js/extra-typings";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import type { Repetition } from "../groups/show-reports.ts";
import { parseDuration, POSITION_GRAMMAR } from "../position.ts";
import { requireOneMeaning } from "../rewind/rewind-flags.ts";
import { position, topics } from "./option-value.ts";
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

/** How long processes may take to leave a group, ms: the longest drain, the session of one that was killed, and room. */
const WAIT_DEFAULT_MS = 90_000;
const WAIT_MIN_MS = 1_000;
const WAIT_MAX_MS = 3_600_000;

const REWIND_HELP = `
A position is ${POSITION_GRAMMAR}.
For experts: what the group goes back over is delivered again, to keys that have had later events since; what it goes on over is
not delivered. millrace replay does the first beside live delivery, and leaves the group alone.

Shows the plan and asks twice, the second time for the target's name. Then every process of the target drains and leaves its
group, the offsets are set, and they join again. Where one does not leave in --wait, the rewind is taken back. If the command
dies half-way, nothing delivers to the target until it is run again without --to, which goes on, or with --cancel.

Examples:
  millrace groups rewind crm --to -2h --dry-run
  millrace groups rewind crm --to 0:1200,3:50 --topic users --reason "restored from backup"
  millrace groups rewind crm --cancel --reason "not now"`;

/** Defines `groups`. */
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
  addRewind({ program: groups, act });
}

function addRewind({ program: groups, act }: Registrar): void {
  groups
    .command("rewind")
    .description("set where a target goes on; its group stops for it and starts again")
    .argument("<target>", "a target of the configuration")
    .option("--to <position>", "where it goes on", position)
    .option(
      "--topic <topic[:partitions]...>",
      "of these topics only, such as orders:0,3",
      topics,
      [],
    )
    .option("--reason <text>", "why, for whoever looks")
    .option("--by <name>", "who wants it (default: you, on this machine)")
    .option("--wait <duration>", "for its processes to leave the group (default: 90s)", waiting)
    .option("--dry-run", "show the plan, and do nothing")
    .option("--yes-i-mean <target>", "the target's name, instead of being asked")
    .option("--cancel", "take a rewind back that stands; offsets that it has set stay so")
    .addHelpText("after", REWIND_HELP)
    .action((target, flags) =>
      act(async (context) => {
        requireOneMeaning(flags);
        const { groupsRewind, groupsRewindCancel } = await import("../actions/groups-rewind.ts");
        const { yesIMean: named, topic: topics, by, cancel, dryRun, reason, to, wait } = flags;
        const options = { target, by, reason };
        if (cancel === true) return groupsRewindCancel(context, options);
        const waitMs = wait ?? WAIT_DEFAULT_MS;
        return groupsRewind(context, { ...options, topics, to, dryRun, named, waitMs });
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

function waiting(text: string): number {
  const durationMs = parseDuration(text);
  if (durationMs !== null && durationMs >= WAIT_MIN_MS && durationMs <= WAIT_MAX_MS)
    return durationMs;
  throw new InvalidArgumentError("It must be a duration such as 90s or 5m, from 1s to 1h.");
}

function interval(text: string): number {
  const durationMs = parseDuration(text);
  const isFit =
    durationMs !== null && durationMs >= INTERVAL_MIN_MS && durationMs <= INTERVAL_MAX_MS;
  if (isFit) return durationMs;
  throw new InvalidArgumentError("It must be a duration such as 5s or 1m, from 500ms to 1d.");
}
