/**
 * Carries a rewind out: has processes leave the group, sets its offsets, and lets them join again.
 *
 * The entry on the control topic stands from the first step to the last, so that whatever ends this half-way leaves a group
 * that nobody joins; the same steps again bring it to its end, and deleting the entry takes it back. Each step may be
 * done twice. Before the offsets are set nothing has happened that taking it back would not undo.
 */
import type { ControlBoard, Rewind, RewindMove, RewindOrder, Wish } from "@millrace/control";
import { rewindValue } from "@millrace/control";
import {
  asTopic,
  claimForRewind,
  releaseReread,
  type OffsetCommit,
  type RewindContext,
} from "@millrace/engine";
import type { GroupDescription, TopicAdmin } from "@millrace/kafka";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import { committedOf, type OffsetsOf } from "./committed-offsets.ts";
import { LOOK_MS, untilEmpty, type EmptyingPorts } from "./empty-group.ts";
import { directionOf } from "./planned-move.ts";
import { isSetBy, takeBack } from "./take-back.ts";

/** What a rewind works with. */
export interface RewindPorts extends Omit<EmptyingPorts, "describe"> {
  readonly board: ControlBoard;
  readonly admin: Pick<TopicAdmin, "describeGroup" | "groupOffsets" | "setGroupOffsets">;
  /** Epoch ms. */
  readonly wallNow: () => number;
  /** As whom partitions are claimed, and where. */
  readonly state: RewindContext;
}

/** What is carried out. */
export interface RewindRun {
  readonly order: RewindOrder;
  /** Whether the entry stands already: somebody began it. */
  readonly isBegun: boolean;
  readonly groupId: string;
  /** How long processes may take to leave, ms. */
  readonly waitMs: number;
  /** Whoever carries it out, for how it ends. */
  readonly wish: Wish;
}

/** A partition's end of a rewind; `committed` is where the group was once it had stopped. */
export interface MadeMove extends RewindMove {
  /** `passed`: the group had come by itself to where it was to go on. */
  readonly end: "passed" | "set";
}

/** How a rewind ended; where it was taken back, with what an earlier run had set, which stays so. */
export type RewindResult =
  | { readonly kind: "done"; readonly moves: readonly MadeMove[]; readonly releasedCount: number }
  | (NotMade & { readonly stayed: readonly RewindMove[] });

/** Why it was taken back. */
type NotMade =
  | { readonly kind: "held"; readonly holders: readonly string[] }
  | { readonly kind: "interrupted" }
  /** Somebody set the group back meanwhile, to there: it would go on over more than was asked for. */
  | { readonly kind: "behind"; readonly moves: readonly RewindMove[] };

type Setting =
  | Extract<RewindResult, { kind: "done" }>
  | Extract<NotMade, { kind: "behind" }>
  /** Somebody has joined meanwhile: nothing is set. */
  | { readonly kind: "joined" };

/**
 * Carries it out.
 * @throws MillraceError of the brokers: the entry stands then; CliError precondition where another rewind took its place, or
 * stands already.
 */
export async function runRewind(run: RewindRun, ports: RewindPorts): Promise<RewindResult> {
  const { order, isBegun, groupId, waitMs, wish } = run;
  const { board, admin } = ports;
  if (!isBegun) await begin(run, ports);
  const until = ports.now() + waitMs;
  const describe = (): Promise<GroupDescription> => {
    // Processes join again once it stands no more: nobody would ever leave.
    requireStanding(board, order);
    return admin.describeGroup(groupId);
  };
  for (;;) {
    const emptying = await untilEmpty(until, { ...ports, describe });
    if (emptying.kind !== "empty") return notMade(emptying, run, ports);
    await board.read();
    requireStanding(board, order);
    const setting = await setOffsets(run, ports);
    if (setting.kind === "behind") return notMade(setting, run, ports);
    if (setting.kind === "done") {
      const moves = setting.moves.filter(({ end }) => end === "set");
      await board.reopen({ ...order, moves }, ports.wallNow());
      await board.endRewind({ ...order, moves, wish }, "done");
      return setting;
    }
    // A process that had begun to join before it heard: it leaves again.
    if (ports.now() >= until) return notMade({ kind: "held", holders: [] }, run, ports);
    await ports.pause(LOOK_MS);
  }
}

async function begin({ order }: RewindRun, { board }: RewindPorts): Promise<void> {
  await board.read();
  if (board.rewind(order.target) !== null) throw overtaken(board, order);
  await board.beginRewind(order);
}

async function notMade<End extends NotMade>(
  end: End,
  { order, wish, groupId }: RewindRun,
  { board, admin, wallNow }: RewindPorts,
): Promise<End & { readonly stayed: readonly RewindMove[] }> {
  await board.read();
  requireStanding(board, order);
  const offsetsOf = groupOffsetsOf(groupId, admin);
  return { ...end, stayed: await takeBack({ ...order, wish }, { board, offsetsOf, wallNow }) };
}

async function setOffsets(run: RewindRun, ports: RewindPorts): Promise<Setting> {
  const { admin, state } = ports;
  const claimed = await claimForRewind(run.order.moves, state);
  const moves = await dueMoves(run, ports);
  const behind = moves.filter(isBehind);
  if (behind.length > 0)
    return { kind: "behind", moves: behind.map(({ now, move }) => ({ ...move, committed: now })) };
  const made = moves.map(madeMove);
  const due = made.filter(({ end }) => end === "set").map(commitOf);
  const isEmpty = due.length === 0 || (await admin.setGroupOffsets(run.groupId, due)) === "set";
  if (!isEmpty) return { kind: "joined" };
  return { kind: "done", moves: made, releasedCount: await releaseReread(claimed, state) };
}

/** Somebody may have taken it back, or begun another, while this one waited. */
function requireStanding(board: ControlBoard, order: RewindOrder): void {
  const standing = board.rewind(order.target);
  if (standing === null || !isSame(standing, order)) throw overtaken(board, order);
}

function overtaken(board: ControlBoard, { target }: RewindOrder): CliError {
  const standing = board.rewind(target);
  const who = standing?.wish?.by ?? "somebody";
  return new CliError(
    EXIT.precondition,
    standing === null
      ? `the rewind of ${target} was taken back meanwhile`
      : `${who} began another rewind of ${target} meanwhile`,
    { hint: "no offset was set by this one" },
  );
}

function isSame({ wish, moves }: Rewind, order: RewindOrder): boolean {
  if (wish === null) return false;
  return JSON.stringify(rewindValue({ wish, moves })) === JSON.stringify(rewindValue(order));
}

/** A move, and what has become of it since it was planned. */
interface DueMove {
  readonly move: RewindMove;
  /** Where the group is. */
  readonly now: RewindMove["committed"];
  /** An earlier run has set it: where the group is says no more where it was. */
  readonly isSet: boolean;
}

async function dueMoves(
  { order, isBegun, groupId }: RewindRun,
  { admin }: RewindPorts,
): Promise<readonly DueMove[]> {
  const committed = await committedOf(order.moves, groupOffsetsOf(groupId, admin));
  return order.moves.map((move) => {
    const now = committed(move);
    return { move, now, isSet: isBegun && isSetBy(move, now) };
  });
}

/** Between here and where the move was to begin there is what nobody asked to leave out. */
function isBehind({ move: { committed, to }, now }: DueMove): boolean {
  return committed !== null && now !== null && now < Math.min(committed, to);
}

/** Where the group has come by itself to what it was to leave out, it is not sent back. */
function madeMove({ move, now, isSet }: DueMove): MadeMove {
  if (isSet) return { ...move, end: "set" };
  const isPassed = directionOf(move) === "forward" && (now ?? -1) >= move.to;
  return { ...move, committed: now, end: isPassed ? "passed" : "set" };
}

function groupOffsetsOf(groupId: string, admin: RewindPorts["admin"]): OffsetsOf {
  return (topic) => admin.groupOffsets(groupId, asTopic(topic));
}

/** Without a done set: all from there on is read. */
function commitOf({ topic, partition, to: offset }: RewindMove): OffsetCommit {
  return { topic, partition, offset, metadata: "" };
}
