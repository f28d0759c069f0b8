import type { TargetConfig } from "@millrace/config";
import {
  rewindText,
  type Rewind,
  type RewindMove,
  type RewindOrder,
  type Wish,
} from "@millrace/control";
import { listSetAside } from "@millrace/engine";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../context.ts";
import { wishOf, type WishOptions } from "../control-access.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { API_VERSION } from "../output/document.ts";
import { printWhole } from "../output/print-whole.ts";
import { print } from "../output/print.ts";
import { Progress } from "../output/progress.ts";
import { safeText } from "../output/safe-text.ts";
import { tableText } from "../output/table.ts";
import type { Position } from "../position.ts";
import { committedOf } from "../rewind/committed-offsets.ts";
import { countMoves } from "../rewind/count-moves.ts";
import { findMoves } from "../rewind/find-moves.ts";
import { MADE_COLUMNS, madeItem } from "../rewind/made-item.ts";
import { MOVE_COLUMNS, type FoundMove } from "../rewind/planned-move.ts";
import { withRewindDesk, type RewindDesk } from "../rewind/rewind-desk.ts";
import { isRewindWanted } from "../rewind/rewind-question.ts";
import { runRewind, type RewindResult } from "../rewind/rewind-run.ts";
import { rewindWords, type RewindPlan } from "../rewind/rewind-text.ts";
import { isSameAim, standingMoves } from "../rewind/standing.ts";
import { takeBack } from "../rewind/take-back.ts";
import { loadWithoutTargetSecrets } from "../settings.ts";
import { chooseTarget } from "../target-choice.ts";
import { requireTopics, type TopicChoice } from "../topic-choice.ts";

/** Whose group is meant, who wants something of it, and why: undefined where nothing is to be done. */
export interface GroupWish extends Pick<WishOptions, "by"> {
  readonly target: string;
  readonly reason: string | undefined;
}

/** What is rewound. */
export interface RewindOptions extends GroupWish {
  readonly topics: readonly TopicChoice[];
  /** Undefined: a rewind that stands goes on. */
  readonly to: Position | undefined;
  readonly dryRun?: true | undefined;
  readonly waitMs: number;
  /** The target once more, said instead of typed. */
  readonly named: string | undefined;
}

/** How long taking an entry back may take after an interrupt, ms. */
const GRACE_MS = 15_000;

/** Sets a group's offsets: shows what that means, asks twice, has the group stop for it and start again. */
export async function groupsRewind(
  context: CommandContext,
  options: RewindOptions,
): Promise<ExitCode> {
  const settings = await loadWithoutTargetSecrets(context);
  const target = chooseTarget(settings, options.target);
  const wish = options.dryRun === true ? null : requireWish(options);
  requireTopics(target, options.topics);
  return withRewindDesk(settings, target, async (desk) => {
    const aim = await aimOf(desk, { target, options });
    const plan = await planOf(context, desk, { aim, target });
    if (wish === null) return showPlan(context, plan, target);
    if (aim.moves.length === 0) {
      await print(context, { kind: "RewindReport", items: [] }, MADE_COLUMNS);
      context.terminal.note(`${target.name} is there already: nothing is done`);
      return EXIT.ok;
    }
    await tellPlan(context, plan, { aim, target });
    const question = { target: target.name, plan, named: options.named };
    if (!(await isRewindWanted(context, question))) return EXIT.precondition;
    return carryOut(context, desk, { aim, wish, waitMs: options.waitMs });
  });
}

/** Takes a rewind back that stands; offsets that it has set stay so. */
export async function groupsRewindCancel(
  context: CommandContext,
  options: GroupWish,
): Promise<ExitCode> {
  const settings = await loadWithoutTargetSecrets(context);
  const target = chooseTarget(settings, options.target);
  const wish = requireWish(options);
  const { terminal } = context;
  return withRewindDesk(settings, target, async ({ board, target: id, offsetsOf }) => {
    const standing = board.rewind(id);
    if (standing === null) {
      terminal.note(`no rewind of ${target.name} stands`);
      return EXIT.ok;
    }
    const order = { ...standing, wish };
    const stayed = await takeBack(order, { board, offsetsOf, wallNow: () => Date.now() });
    terminal.note(`no longer ${safeText(rewindText(standing))}; its processes join again`);
    tellStayed(context, stayed);
    return EXIT.ok;
  });
}

/** @throws CliError usage where nobody says why. */
function requireWish({ by, reason }: GroupWish): Wish {
  if (reason !== undefined) return wishOf({ by, reason });
  throw new CliError(EXIT.usage, "groups rewind: say why, with --reason TEXT");
}

/** Where the group is to go on. */
interface Aim {
  readonly moves: readonly FoundMove[];
  readonly gone: RewindPlan["gone"];
  /** The rewind that stands, which goes on. */
  readonly standing: Rewind | null;
}

interface Subject {
  readonly aim: Aim;
  readonly target: TargetConfig;
}

async function aimOf(
  { board, target: id, reader, offsetsOf }: RewindDesk,
  { target, options }: { readonly target: TargetConfig; readonly options: RewindOptions },
): Promise<Aim> {
  const { to, topics } = options;
  const standing = board.rewind(id);
  const found =
    to === undefined ? null : await findMoves(reader, { target, topics, to }, offsetsOf);
  if (standing === null) {
    if (found !== null) return { ...found, standing };
    throw new CliError(EXIT.usage, `no rewind of ${target.name} stands: say --to where it goes on`);
  }
  const { name } = target;
  if (standing.wish === null) {
    throw new CliError(EXIT.precondition, `${name} is ${safeText(rewindText(standing))}`, {
      hint: `end it with the version that wrote it, or: millrace groups rewind ${name} --cancel --reason TEXT`,
    });
  }
  const committed = await committedOf(standing.moves, offsetsOf);
  if (found !== null && !isSameAim(found.moves, standing.moves, committed)) {
    throw new CliError(
      EXIT.precondition,
      `${name} is ${safeText(rewindText(standing))}, to other offsets`,
      {
        hint: `leave --to out to go on with that one, or take it back with --cancel`,
      },
    );
  }
  return { moves: await standingMoves(standing, offsetsOf), gone: [], standing };
}

async function planOf(
  { terminal }: CommandContext,
  { reader, stateLog, target: id }: RewindDesk,
  { aim: { moves, gone }, target }: Subject,
): Promise<RewindPlan> {
  await stateLog.readToEnd();
  const progress = new Progress(terminal);
  try {
    const counting = { order: target.order, setAside: listSetAside(stateLog, id), progress };
    return { items: await countMoves(reader, moves, counting), gone };
  } finally {
    progress.end();
  }
}

async function showPlan(
  context: CommandContext,
  { items, gone }: RewindPlan,
  target: TargetConfig,
): Promise<ExitCode> {
  const { name } = target;
  const document = {
    apiVersion: API_VERSION,
    kind: "RewindPlan",
    target: name,
    gone,
    items,
  } as const;
  await printWhole(context, document, () =>
    items.length === 0 ? Promise.resolve("") : tableText(items, MOVE_COLUMNS),
  );
  tellWords(context, { items, gone }, target);
  return EXIT.ok;
}

/** On standard error: what comes on the other is what was done. */
async function tellPlan(
  context: CommandContext,
  plan: RewindPlan,
  { aim: { standing }, target }: Subject,
): Promise<void> {
  const { terminal } = context;
  if (standing !== null)
    terminal.complain(`${target.name} is ${safeText(rewindText(standing))}; that goes on`);
  terminal.note((await tableText(plan.items, MOVE_COLUMNS)).trimEnd());
  tellWords(context, plan, target);
}

function tellWords({ terminal }: CommandContext, plan: RewindPlan, target: TargetConfig): void {
  const { notes, warnings } = rewindWords(plan, target, Date.now());
  for (const note of notes) terminal.note(note);
  for (const warning of warnings) terminal.complain(safeText(warning));
}

async function carryOut(
  context: CommandContext,
  desk: RewindDesk,
  { aim, wish, waitMs }: { readonly aim: Aim; readonly wish: Wish; readonly waitMs: number },
): Promise<ExitCode> {
  const { terminal, interrupts } = context;
  const { standing, moves } = aim;
  const order: RewindOrder = {
    target: desk.target,
    moves: standing?.moves ?? moves.map(orderedMove),
    wish: standing?.wish ?? wish,
  };
  const run = {
    order,
    isBegun: standing !== null,
    groupId: desk.groupId,
    waitMs,
    wish,
  };
  const signal = interrupts.take(GRACE_MS);
  const ports = {
    ...desk,
    signal,
    now: () => performance.now(),
    wallNow: () => Date.now(),
    pause: pauseOf(signal),
  };
  const onHeld = (holders: readonly string[]): void =>
    terminal.progress(`waiting for ${holders.length} to leave: ${holders.join(", ")}`);
  try {
    const result = await runRewind(run, { ...ports, onHeld });
    terminal.progress("");
    return await tellResult(context, result, { order, waitMs });
  } catch (error) {
    terminal.progress("");
    tellStanding(context, desk);
    throw error;
  }
}

function orderedMove({ topic, partition, committed, to }: FoundMove): RewindOrder["moves"][number] {
  return { topic, partition, committed, to };
}

async function tellResult(
  context: CommandContext,
  result: RewindResult,
  { order: { target }, waitMs }: { readonly order: RewindOrder; readonly waitMs: number },
): Promise<ExitCode> {
  const { terminal } = context;
  if (result.kind !== "done") tellStayed(context, result.stayed);
  const ended = "The rewind is taken back; this command has set no offset";
  switch (result.kind) {
    case "done": {
      const items = result.moves.map((move) => madeItem(target, move));
      await print(context, { kind: "RewindReport", items }, MADE_COLUMNS);
      terminal.note(
        `its processes join again; millrace groups describe ${target} --watch follows it`,
      );
      return EXIT.ok;
    }
    case "held": {
      const who = result.holders.length === 0 ? "somebody" : result.holders.join(", ");
      throw new CliError(
        EXIT.precondition,
        `the group of ${target} is not empty after ${waitMs / 1_000} s: ${who} is still in it. ${ended}`,
        { hint: "end or update what holds it, or wait longer with --wait" },
      );
    }
    case "behind": {
      const where = result.moves.map(behindText).join(", ");
      throw new CliError(
        EXIT.precondition,
        `${target} was set back meanwhile, before where this was to begin: ${where}. ${ended}`,
        { hint: "look at what it means now, with --dry-run" },
      );
    }
    case "interrupted":
      terminal.complain("interrupted: the rewind is taken back; this command has set no offset");
      return EXIT.interrupted;
  }
}

function behindText({ topic, partition, committed }: RewindMove): string {
  return `${topic}:${partition} is at ${committed ?? "-"}`;
}

/** What an earlier run had set is not undone. */
function tellStayed({ terminal }: CommandContext, stayed: readonly RewindMove[]): void {
  if (stayed.length === 0) return;
  const places = stayed.map(({ topic, partition, to }) => `${topic}:${partition} from ${to}`);
  terminal.complain(
    `its offsets had been set already: it goes on from there (${places.join(", ")})`,
  );
}

/** What went wrong may have left it standing. */
function tellStanding({ terminal }: CommandContext, { board, target }: RewindDesk): void {
  if (board.rewind(target) === null) return;
  terminal.complain(
    `the rewind of ${target} stands, and nothing delivers to it meanwhile: ` +
      `millrace groups rewind ${target} --reason TEXT goes on with it, --cancel takes it back`,
  );
}

function pauseOf(signal: AbortSignal): (ms: number) => Promise<void> {
  return (ms) =>
    new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener("abort", end);
    });
}
