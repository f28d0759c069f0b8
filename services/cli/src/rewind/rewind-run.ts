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
  type Offset,
  type OffsetCommit,
  type RewindContext,
} from "@millrace/engine";
import type { GroupDescription, GroupOffset, TopicAdmin } from "@millrace/kafka";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import { LOOK_MS, untilEmpty, type EmptyingPorts } from "./empty-group.ts";
import { directionOf } from "./planned-move.ts";

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

/** How a rewind ended. `held` and `interrupted`: it was taken back; offsets that were set before stay so. */
export type RewindResult =
  | { readonly kind: "done"; readonly moves: readonly MadeMove[]; readonly releasedCount: number }
  | { readonly kind: "held"; readonly holders: readonly string[] }
  | { readonly kind: "interrupted" };

/**
 * Carries it out.
 * @throws MillraceError of the brokers: the entry stands then; CliError precondition where another rewind took its place.
 */
export async function runRewind(run: RewindRun, ports: RewindPorts): Promise<RewindResult> {
  const { order, isBegun, groupId, waitMs, wish } = run;
  const { board, admin } = ports;
  if (!isBegun) await board.beginRewind(order);
  const until = ports.now() + waitMs;
  const describe = (): Promise<GroupDescription> => {
    // Processes join again once it stands no more: nobody would ever leave.
    requireStanding(board, order);
    return admin.describeGroup(groupId);
  };
  const takeBack = async <End extends RewindResult>(end: End): Promise<End> => {
    await board.read();
    requireStanding(board, order);
    await board.endRewind({ ...order, wish }, "cancel");
    return end;
  };
  for (;;) {
    const emptying = await untilEmpty(until, { ...ports, describe });
    if (emptying.kind !== "empty") return takeBack(emptying);
    await board.read();
    requireStanding(board, order);
    const done = await setOffsets(run, ports);
    if (done !== null) {
      const moves = done.moves.filter(({ end }) => end === "set");
      await board.reopen({ ...order, moves }, ports.wallNow());
      await board.endRewind({ ...order, moves, wish }, "done");
      return done;
    }
    // A process that had begun to join before it heard: it leaves again.
    if (ports.now() >= until) return takeBack({ kind: "held", holders: [] });
    await ports.pause(LOOK_MS);
  }
}

/** Null where somebody has joined meanwhile: then nothing is set. */
async function setOffsets(
  run: RewindRun,
  ports: RewindPorts,
): Promise<Extract<RewindResult, { kind: "done" }> | null> {
  const { admin, state } = ports;
  const claimed = await claimForRewind(run.order.moves, state);
  const moves = await dueMoves(run, ports);
  const due = moves.filter(({ end }) => end === "set").map(commitOf);
  const isEmpty = due.length === 0 || (await admin.setGroupOffsets(run.groupId, due)) === "set";
  if (!isEmpty) return null;
  return { kind: "done", moves, releasedCount: await releaseReread(claimed, state) };
}

/** Whether all offsets of a rewind are set already. */
export async function isSet(
  { moves }: Pick<Rewind, "moves">,
  offsetsOf: (topic: string) => Promise<readonly GroupOffset[]>,
): Promise<boolean> {
  const committed = await committedOf(moves, offsetsOf);
  return moves.length > 0 && moves.every((move) => committed(move) === move.to);
}

/** Somebody may have taken it back, or begun another, while this one waited. */
function requireStanding(board: ControlBoard, order: RewindOrder): void {
  const standing = board.rewind(order.target);
  if (standing !== null && isSame(standing, order)) return;
  const who = standing?.wish?.by ?? "somebody";
  throw new CliError(
    EXIT.precondition,
    standing === null
      ? `the rewind of ${order.target} was taken back meanwhile`
      : `${who} began another rewind of ${order.target} meanwhile`,
    { hint: "no offset was set by this one" },
  );
}

function isSame({ wish, moves }: Rewind, order: RewindOrder): boolean {
  if (wish === null) return false;
  return JSON.stringify(rewindValue({ wish, moves })) === JSON.stringify(rewindValue(order));
}

/** The group may have gone on since the plan: where it has come by what it was to leave out, it is not sent back. */
async function dueMoves(
  { order, groupId }: RewindRun,
  { admin }: RewindPorts,
): Promise<readonly MadeMove[]> {
  const committed = await committedOf(order.moves, (topic) =>
    admin.groupOffsets(groupId, asTopic(topic)),
  );
  return order.moves.map((move) => {
    const now = committed(move);
    // One that was set by an earlier run says no more where the group was.
    const from = now === move.to ? move.committed : now;
    const isPassed = directionOf(move) === "forward" && (now ?? -1) >= move.to;
    return { ...move, committed: from, end: isPassed ? "passed" : "set" };
  });
}

async function committedOf(
  moves: readonly RewindMove[],
  offsetsOf: (topic: string) => Promise<readonly GroupOffset[]>,
): Promise<(move: RewindMove) => Offset | null> {
  const found = new Map<string, Offset>();
  for (const topic of new Set(moves.map((move) => move.topic))) {
    for (const { partition, committed } of await offsetsOf(topic)) {
      if (committed !== null) found.set(`${topic}/${partition}`, committed.offset);
    }
  }
  return ({ topic, partition }) => found.get(`${topic}/${partition}`) ?? null;
}

/** Without a done set: all from there on is read. */
function commitOf({ topic, partition, to: offset }: RewindMove): OffsetCommit {
  return { topic, partition, offset, metadata: "" };
}
