import { asTarget, type SetAsideKey } from "@millrace/engine";
import { CliError } from "../cli-error.ts";
import { confirm } from "../confirm.ts";
import type { CommandContext } from "../context.ts";
import { wishOf, type WishOptions } from "../control-access.ts";
import type { DeadLetterDesk } from "../dead-letters/dead-letter-desk.ts";
import { runDiscards, type DiscardOutcome } from "../dead-letters/discard-run.ts";
import { recordKeyText } from "../dead-letters/key-text.ts";
import type { LetterFlags } from "../dead-letters/letter-filter.ts";
import { placeText } from "../dead-letters/letter-item.ts";
import { withMeantLetters } from "../dead-letters/meant-letters.ts";
import {
  planQuarantineEnd,
  QUARANTINE_END_COLUMNS,
  wantedOf,
  type KeyFilter,
  type LeftReason,
  type QuarantineEnd,
  type QuarantineEndItem,
  type QuarantineEndPlan,
} from "../dead-letters/quarantine-end.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { print } from "../output/print.ts";
import { standingText } from "../rewind/standing.ts";
import { loadWithoutTargetSecrets } from "../settings.ts";
import { chooseTarget } from "../target-choice.ts";

/** Which keys go on, and why. */
export interface QuarantineEndFlags extends LetterFlags, WishOptions {
  readonly all?: true | undefined;
  readonly dryRun?: true | undefined;
}

/** How the quarantine of a key ended, as it is printed. */
interface EndedItem extends QuarantineEndItem {
  readonly end: DiscardOutcome;
  /** The event that the key waits behind by now; null where it is like any other. */
  readonly behind: string | null;
}

/** Has keys go on without their dead letters. Exit code 3 when some are left, or wait again. */
export async function quarantineEnd(
  context: CommandContext,
  how: QuarantineEnd,
  flags: QuarantineEndFlags,
): Promise<ExitCode> {
  const { terminal } = context;
  const settings = await loadWithoutTargetSecrets(context);
  const target = chooseTarget(settings, flags.target);
  const filter = filterOf(how, flags);
  return withMeantLetters({ settings, target, terminal }, flags, async (desk) => {
    const { board, setAside, letters, meant } = desk;
    const wanted = wantedOf(board, asTarget(target.name));
    const parked = await desk.countParked();
    const plan = planQuarantineEnd(how, filter, { setAside, letters, meant, parked, wanted });
    tellLeft(context, target.name, plan);
    if (plan.requests.length === 0 && plan.left.size === 0) {
      terminal.complain(`no key of ${target.name} that is meant waits behind a dead letter`);
      return EXIT.notFound;
    }
    if (flags.dryRun === true) {
      const kind = how === "drop" ? "DropPlan" : "ReleasePlan";
      await print(context, { kind, items: plan.items }, QUARANTINE_END_COLUMNS);
      return EXIT.ok;
    }
    if (plan.requests.length === 0) return EXIT.partial;
    if (!(await confirm(context, questionOf(how, target.name, plan)))) return EXIT.precondition;
    return await carryOut(context, how, { desk, plan, flags });
  });
}

/** Nothing is ended that nobody has named. */
function filterOf(how: QuarantineEnd, flags: QuarantineEndFlags): KeyFilter {
  const { all, key, id, error, status, type, filter } = flags;
  const named = { key, id, error, status, type, filter };
  const isNamed = Object.values(named).some((value) => value !== undefined);
  if (isNamed !== (all === true)) return named;
  throw new CliError(
    EXIT.usage,
    isNamed ? "--all is of every key: it takes no filter" : `which keys are to be ${PAST[how]}?`,
    { hint: "name them with --key, --id, --error, --status, --type or --filter, or say --all" },
  );
}

const PAST: Readonly<Record<QuarantineEnd, string>> = { drop: "dropped", release: "released" };

function questionOf(how: QuarantineEnd, target: string, { items }: QuarantineEndPlan): string {
  const sum = (of: (item: QuarantineEndItem) => number): number =>
    items.reduce((total, item) => total + of(item), 0);
  const dropped = sum((item) => item.dropped);
  if (how === "drop")
    return `Drop the dead letters of ${items.length} keys of ${target} and what is parked behind them? Nobody will deliver these ${dropped} events.`;
  const delivered = sum((item) => item.delivered);
  return `Release ${items.length} keys of ${target}? Nobody will deliver their ${dropped} dead letters; ${delivered} events parked behind them are delivered.`;
}

const LEFT: Readonly<Record<LeftReason, (count: number, target: string) => string>> = {
  deferred: (count) =>
    `${count} keys are deferred, not in quarantine: they are slow and go on by themselves, so they are left`,
  wanted: (count) =>
    `${count} keys are being redriven, released or dropped already: whoever comes second waits for the end, so they are left`,
  blocked: (count, target) =>
    `${count} keys are blocked: what waits behind them is not parked and nobody can count it, so they are left (millrace quarantine release --target ${target} delivers it)`,
};

function tellLeft({ terminal }: CommandContext, target: string, { left }: QuarantineEndPlan): void {
  for (const [reason, keys] of left) {
    terminal.complain(LEFT[reason](keys.length, target));
    for (const key of keys) terminal.note(`left: ${keyText(key)} at ${placeText(key)}`);
  }
}

async function carryOut(
  context: CommandContext,
  how: QuarantineEnd,
  of: {
    readonly desk: DeadLetterDesk;
    readonly plan: QuarantineEndPlan;
    readonly flags: QuarantineEndFlags;
  },
): Promise<ExitCode> {
  const { terminal, interrupts } = context;
  const { desk, plan, flags } = of;
  const standing = standingText(desk.board.rewind(asTarget(flags.target)));
  if (standing !== null) terminal.complain(standing);
  const ends = await runDiscards({
    board: desk.board,
    target: asTarget(flags.target),
    requests: plan.requests,
    action: `quarantine-${how}`,
    wish: wishOf(flags),
    signal: interrupts.take(),
    onProgress: (endedCount) =>
      terminal.progress(`${endedCount} of ${plan.requests.length} keys go on`),
  }).finally(() => terminal.progress(""));
  const items = itemsOf(plan, ends, await desk.readSetAside());
  const kind = how === "drop" ? "DropReport" : "ReleaseReport";
  await print(context, { kind, items }, [
    ...QUARANTINE_END_COLUMNS.filter(({ name }) => name !== "delivered"),
    { name: "end", cell: ({ end }) => end },
    { name: "waits behind", cell: ({ behind }) => behind ?? "-" },
  ]);
  if (ends.includes("under-way")) {
    terminal.note("what was asked for goes on where the target runs");
    return EXIT.interrupted;
  }
  const isWhole = items.every(({ end, behind }) => end === "dropped" && behind === null);
  return isWhole && plan.left.size === 0 ? EXIT.ok : EXIT.partial;
}

/** What was not dropped after all is told as such. */
function itemsOf(
  { items, requests }: QuarantineEndPlan,
  ends: readonly DiscardOutcome[],
  setAside: readonly SetAsideKey[],
): readonly EndedItem[] {
  const names = new Map(setAside.map((key) => [laneText(key), key]));
  return items.map((item, index) => {
    const request = requests[index];
    const marker = request === undefined ? undefined : names.get(laneText(request));
    const told = ends[index] ?? "under-way";
    // Whoever redrove it may not have said so yet: a dead letter again is what its key waits behind.
    const isAgain = marker?.offset === request?.offset;
    const end = told === "given-up" && !isAgain ? "redriven" : told;
    const isWaiting = marker !== undefined && marker.kind !== "deferred";
    const dropped = end === "dropped" || end === "under-way" ? item.dropped : 0;
    return { ...item, dropped, end, behind: isWaiting ? placeText(marker) : null };
  });
}

function laneText({ topic, partition, key }: Pick<SetAsideKey, "key" | "partition" | "topic">) {
  return JSON.stringify([topic, partition, key]);
}

function keyText({ key }: SetAsideKey): string {
  return key === "" ? "(whole partition)" : (recordKeyText(key) ?? "");
}
