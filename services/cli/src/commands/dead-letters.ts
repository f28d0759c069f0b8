import { InvalidArgumentError, Option, type Command } from "@commander-js/extra-typings";
import type { LetterFlags } from "../dead-letters/letter-filter.ts";
import type { QuarantineEnd } from "../dead-letters/quarantine-end.ts";
import type { Registrar } from "./registrar.ts";
import { count, countOrNone } from "./option-value.ts";

const FILTER_HELP = `
A filter, such as --filter 'event.data.country == "NO"', is checked against the schemas of the target's topics, and asked about the
events that the other options leave. Those that cannot be decoded, or have not what it asks for, are left out and told: exit code 3.`;

const DROP_HELP = `
Only of keys that went on without them (onDeadLetter: skip, or no key): behind all others events wait for the dead letter, and
quarantine release or drop lets their keys go on.
The record stays in the dead-letter topic; it is open no more.`;

const REDRIVE_HELP = `
Sends dead letters again, each with what is parked behind it, in order, before what comes in since. The canary goes first; the
others follow at the rate, and no more are asked for once the canary or too many of the others are given up again. What is
under way then goes on. Runs where the target runs: this command asks for it on the control topic and follows.

Examples:
  millrace dlq redrive --target crm --error HTTP_REJECTED --reason "mapping fixed" --canary 5 --rate 10
  millrace dlq redrive --target crm --key cust-42 --reason "address corrected" --yes`;

const RELEASE_HELP = `
Nobody delivers the dead letter: it is resolved as dropped. What is parked behind it is delivered, in order, before what comes in
since; then the key is like any other. A parked event that is given up has the key wait again, behind that one. A blocked key
is released too: what waits behind it is delivered from there. Runs where the target runs: this command asks for it on the
control topic and follows. A redrive that is under way goes on as it is.

Examples:
  millrace quarantine release --target crm --key cust-42 --reason "order was cancelled by hand"
  millrace quarantine release --target crm --error HTTP_REJECTED --reason "never valid" --yes`;

const DROP_KEYS_HELP = `
Nobody delivers the dead letter, nor any event of its key up to the last that is parked now: each is told of in the journal as
skipped (DROPPED). What is parked later is delivered, and the key goes on. How many events that are is asked first. Keys that
are blocked are left: what waits behind them is not parked. Keys that are deferred go on by themselves.

Example:
  millrace quarantine drop --target crm --key cust-42 --reason "account deleted"`;

/** `dlq` and `quarantine`. */
export function addDeadLetterCommands(registrar: Registrar): void {
  const { program, act } = registrar;
  const dlq = program.command("dlq").description("dead letters: deliveries that were given up");
  addViews({ program: dlq, act });
  addRedrive({ program: dlq, act });
  withFilter(
    dlq.command("drop").description("take dead letters for done that nobody wants delivered"),
  )
    .requiredOption("--reason <text>", "why, for whoever looks")
    .option("--by <name>", "who wants it (default: you, on this machine)")
    .addHelpText("after", DROP_HELP)
    .action((flags) =>
      act(async (context) => (await import("../actions/dlq-drop.ts")).dlqDrop(context, flags)),
    );
  addQuarantine(registrar);
}

function addQuarantine({ program, act }: Registrar): void {
  const quarantine = program
    .command("quarantine")
    .description("keys that wait behind a dead letter");
  quarantine
    .command("list")
    .description("show the keys that are set aside, and how many events wait behind each")
    .requiredOption("--target <target>", "the target")
    .action(({ target }) =>
      act(async (context) => {
        const { quarantineList } = await import("../actions/quarantine-list.ts");
        return quarantineList(context, target);
      }),
    );
  addQuarantineEnd({ program: quarantine, act }, "release", {
    description: "leave dead letters, and deliver what is parked behind them",
    help: RELEASE_HELP,
  });
  addQuarantineEnd({ program: quarantine, act }, "drop", {
    description: "leave dead letters, and what is parked behind them",
    help: DROP_KEYS_HELP,
  });
}

function addQuarantineEnd(
  { program: quarantine, act }: Registrar,
  how: QuarantineEnd,
  { description, help }: { readonly description: string; readonly help: string },
): void {
  withFilter(quarantine.command(how).description(description))
    .option("--all", "of all keys that wait behind a dead letter")
    .requiredOption("--reason <text>", "why, for whoever looks")
    .option("--by <name>", "who wants it (default: you, on this machine)")
    .option("--dry-run", "show what would be done")
    .addHelpText("after", help)
    .action((flags) =>
      act(async (context) => {
        const { quarantineEnd } = await import("../actions/quarantine-end.ts");
        return quarantineEnd(context, how, flags);
      }),
    );
}

function addViews({ program: dlq, act }: Registrar): void {
  withFilter(dlq.command("list").description("show open dead letters, the oldest first")).action(
    (flags: LetterFlags) =>
      act(async (context) => (await import("../actions/dlq-list.ts")).dlqList(context, flags)),
  );
  withFilter(dlq.command("stats").description("count open dead letters"))
    .addOption(
      new Option("--group-by <what>", "what they are counted by")
        .choices(["reason", "status", "type", "key"] as const)
        .default("reason" as const),
    )
    .action((flags) =>
      act(async (context) => (await import("../actions/dlq-stats.ts")).dlqStats(context, flags)),
    );
  withFilter(dlq.command("export").description("write open dead letters whole, as NDJSON")).action(
    (flags: LetterFlags) =>
      act(async (context) => (await import("../actions/dlq-export.ts")).dlqExport(context, flags)),
  );
  dlq
    .command("show")
    .description("show one dead letter: its event, and why it was given up")
    .argument("<event>", "the event's id, or topic:partition:offset")
    .requiredOption("--target <target>", "the target")
    .action((event, { target }) =>
      act(async (context) => {
        const { dlqShow } = await import("../actions/dlq-show.ts");
        return dlqShow(context, { target, event });
      }),
    );
}

function addRedrive({ program: dlq, act }: Registrar): void {
  withFilter(dlq.command("redrive").description("deliver dead letters, and what waits behind them"))
    .requiredOption("--reason <text>", "why, for whoever looks")
    .option("--by <name>", "who wants it (default: you, on this machine)")
    .option(
      "--canary <count>",
      "so many first, and the others only if all are delivered; 0: none",
      countOrNone,
      1,
    )
    .option("--rate <per second>", "keys a second after the canary (default: all at once)", rate)
    .option("--max-failures <ratio>", "no more once this part is given up again", ratio, 0.2)
    .option("--dry-run", "show what would be done")
    .addHelpText("after", REDRIVE_HELP)
    .action((flags) =>
      act(async (context) => {
        const { dlqRedrive } = await import("../actions/dlq-redrive.ts");
        return dlqRedrive(context, flags);
      }),
    );
}

function withFilter(command: Command) {
  return command
    .requiredOption("--target <target>", "the target")
    .option("--key <key...>", "of these keys only")
    .option("--id <id...>", "of these events only, by id or topic:partition:offset")
    .option("--error <code>", "given up for this reason only, such as HTTP_REJECTED")
    .option("--status <status>", "given up with this HTTP status only", count)
    .option("--type <type>", "of this event type only")
    .option("--filter <cel>", "that it lets through only: CEL over the event, as in a target")
    .addHelpText("after", FILTER_HELP);
}

function rate(text: string): number {
  const perSecond = Number(text.replace(/\/s$/u, ""));
  if (perSecond > 0 && Number.isFinite(perSecond)) return perSecond;
  throw new InvalidArgumentError("It must be a number above 0, such as 5 or 0.5/s.");
}

function ratio(text: string): number {
  const value = Number(text);
  if (text !== "" && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError("It must be a number from 0 to 1.");
}
