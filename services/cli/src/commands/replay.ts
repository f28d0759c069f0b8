import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { POSITION_GRAMMAR, type Position } from "../position.ts";
import { count, countOrNone, position, topics } from "./option-value.ts";
import type { Registrar } from "./registrar.ts";

const PLAN_HELP = `
A position is ${POSITION_GRAMMAR}.
Reads the ranges and counts; nothing is sent. --save keeps the plan for millrace replay start, which sends exactly that.
What the log has lost of the range is told, and asked about.
What --filter (CEL over event.type, event.data..., as in a target) lets through is found out now, and kept by offset.

The journal is asked how these events ended when they were delivered live (DELIVERED, SKIPPED by the filter, DEAD letters, PARKED;
UNKNOWN: not settled, or the journal has it no more), which of their keys have had later events, and how long calls take.

Example:
  millrace replay plan --target crm --topic orders:0,1 --from -2h --to latest --key cust-42 --save plan.json`;

const SHADOW_HELP = `
--config is the changed configuration; the one in force is millrace.yaml, or what --against names. Both are run over the same
past events, and what they would send is compared: method, URL, headers, body. Events of a topic that only one of them reads
count as filtered by the other. Nothing is sent, and no offset moves. Personal data is masked, and what is made of it.
What the log has lost of the range is told, and asked about.

Exit code 3 where events that can be sent now could not be sent any more; 0 whatever else changes.

Example:
  millrace replay shadow --config new.yaml --target crm --from -7d --samples 1`;

const START_HELP = `
Owners send the events beside live ones, in order per key, for a fifth of the calls; committed offsets stay. With repair every
event has the Idempotency-Key that it had, so that a target that knows it does nothing; with reprocess it has a new one, and
that is asked twice. The job outlasts processes: whoever takes a partition over goes on with it.

Refused are a plan whose filter, request, order or keys the configuration has changed since, and a repair of events that are
older than the target's idempotency.window. What the log has lost of the range is told, and asked about.`;

const REPORT_HELP = `
The counts are those that the partitions' owners wrote with their progress; the journal is asked for its own, and for the events
that failed. LEFT is what a replay had not begun when it ended, DIFFERENCE what is missing or too much: 0 where it adds up.
Exit code 3 where it goes on, something failed or was left, or it does not add up.`;

/** `replay`. */
export function addReplayCommands({ program, act }: Registrar): void {
  const replay = program.command("replay").description("send past events to a target once more");
  replay
    .command("plan")
    .description("count what a replay would send, and save it")
    .requiredOption("--target <target>", "the target")
    .option(
      "--topic <topic[:partitions]...>",
      "of these topics only, such as orders:0,3",
      topics,
      [],
    )
    .requiredOption("--from <position>", "where to begin", position)
    .option("--to <position>", "where to end; that record is not sent any more", position, {
      kind: "latest",
    } as Position)
    .option("--key <key...>", "events of these keys only")
    .option("--filter <cel>", "events that it lets through only, as the plan finds them")
    .option("--unmask", "name keys that are personal data")
    .option("--save <file>", "keep the plan there")
    .addHelpText("after", PLAN_HELP)
    .action(({ target, topic, from, to, key, filter, save, unmask }) =>
      act(async (context) => {
        const { replayPlan } = await import("../actions/replay-plan.ts");
        const options = {
          ...{ target, topics: topic, from, to, keys: key ?? null, path: save ?? null },
          filter: filter ?? null,
          privacy: unmask === true ? "unmasked" : "masked",
        } as const;
        return replayPlan(context, options);
      }),
    );
  addShadow({ program: replay, act });
  addStart({ program: replay, act });
  addSteering({ program: replay, act });
}

function addShadow({ program: replay, act }: Registrar): void {
  replay
    .command("shadow")
    .description("show which requests a changed configuration makes otherwise; sends nothing")
    .requiredOption("--target <target>", "the target")
    .option("--against <file>", "the configuration in force (default: millrace.yaml)")
    .option("--topic <topic[:partitions]...>", "of these topics only", topics, [])
    .requiredOption("--from <position>", "where to begin", position)
    .option("--to <position>", "where to end; that record is left out", position, {
      kind: "latest",
    } as Position)
    .option("--shapes <number>", "kinds of change that are shown", count, 50)
    .option("--samples <number>", "records that are shown of each", countOrNone, 3)
    .option("--unmask", "show personal data")
    .addHelpText("after", SHADOW_HELP)
    .action(({ target, against, topic, from, to, shapes, samples, unmask }) =>
      act(async (context) => {
        const { replayShadow } = await import("../actions/replay-shadow.ts");
        return replayShadow(context, {
          ...{ target, against: against ?? null, topics: topic, from, to },
          ...{ shapesMax: shapes, samplesMax: samples },
          privacy: unmask === true ? "unmasked" : "masked",
        });
      }),
    );
}

function addStart({ program: replay, act }: Registrar): void {
  replay
    .command("start")
    .description("send exactly what a plan says")
    .argument("<plan>", "the plan's file")
    .addOption(
      new Option("--mode <mode>", "the same Idempotency-Keys, or new ones")
        .choices(["repair", "reprocess"] as const)
        .makeOptionMandatory(),
    )
    .requiredOption("--reason <text>", "why, for whoever looks")
    .option("--by <name>", "who wants it (default: you, on this machine)")
    .option("--job <id>", "name of the job (default: a new one)", jobId)
    .option("--force", "repair what is older than the target's idempotency.window too")
    .addHelpText("after", START_HELP)
    .action((path, options) =>
      act(async (context) => {
        const { replayStart } = await import("../actions/replay-start.ts");
        return replayStart(context, { path, ...options });
      }),
    );
}

const STEERING = [
  ["pause", "pause", "let a replay begin nothing more until it is resumed"],
  ["resume", "run", "let a paused replay go on"],
  ["cancel", "cancel", "end a replay for good; what is in flight ends"],
] as const;

function addSteering({ program: replay, act }: Registrar): void {
  for (const [name, state, description] of STEERING) {
    replay
      .command(name)
      .description(description)
      .argument("<job>", "the job's name")
      .requiredOption("--reason <text>", "why, for whoever looks")
      .option("--by <name>", "who wants it (default: you, on this machine)")
      .action((job, options) =>
        act(async (context) => {
          const { replaySteer } = await import("../actions/replay-steer.ts");
          return replaySteer(context, { job, state, ...options });
        }),
      );
  }
  replay
    .command("status")
    .description("show how far a replay has come")
    .argument("<job>", "the job's name")
    .option("--watch", "wait until it has ended")
    .action((job, options) =>
      act(async (context) => {
        const { replayStatus } = await import("../actions/replay-status.ts");
        return replayStatus(context, { job, ...options });
      }),
    );
  replay
    .command("report")
    .description("account for a replay: planned is sent, skipped and failed")
    .argument("<job>", "the job's name")
    .option("--unmask", "show keys that are personal data")
    .addHelpText("after", REPORT_HELP)
    .action((job, { unmask }) =>
      act(async (context) => {
        const { replayReportOf } = await import("../actions/replay-report.ts");
        const privacy = unmask === true ? "unmasked" : "masked";
        return replayReportOf(context, { job, privacy });
      }),
    );
  replay
    .command("list")
    .description("show all replays")
    .action(() =>
      act(async (context) => (await import("../actions/replay-status.ts")).replayList(context)),
    );
}

function jobId(text: string): string {
  if (/^[\w.-]{1,64}$/u.test(text)) return text;
  throw new InvalidArgumentError("It must be letters, digits, '.', '_' and '-', at most 64.");
}
