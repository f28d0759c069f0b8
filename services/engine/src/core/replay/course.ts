/**
 * The course of a replay from its request to its end: when it reads, when it stands still, what it drops. It takes only
 * what the live group has settled (I36), so it never sends an event of a key before the live lane has come by; where it
 * begins before that, it waits. What lies beyond may be no events at all (gaps at the end of the log, which live never
 * sees): it looks for the next one once live has nothing left. Paused, it drops what it holds and reads it again.
 */
import type { ReplayNote } from "../aside/progress.ts";
import type { StepContext } from "../context.ts";
import type { Input } from "../input.ts";
import { decodeDoneSet } from "../offsets/done-set.ts";
import { OffsetTracker } from "../offsets/offset-tracker.ts";
import { mayBegin } from "../lanes/may-begin.ts";
import { asOffset, type Offset } from "../lanes/identity.ts";
import { emptyLane, type Lane } from "../lanes/lane.ts";
import { partitionName, type EngineState } from "../state.ts";
import { dropContended } from "./contention.ts";
import { isKeptAside, takeReplayed } from "./replay-lanes.ts";
import type {
  ReadingFailure,
  Replay,
  ReplayFound,
  ReplayReading,
  ReplayRequest,
  ReplayStep,
} from "./replay.ts";

/** Replays that hold events at a time, of a target; others wait. */
export const REPLAYS_MAX = 16;
/** Events of a replay in memory, and their bytes; it reads on when half of either is free. */
export const REPLAY_COUNT_MAX = 256;
export const REPLAY_BYTES_MAX = 1_048_576;

/** Takes a request in; of a known job, or a partition that is not owned, it changes nothing. */
export function beginReplay<P>(context: StepContext<P>, request: ReplayRequest): void {
  const { state } = context;
  const partition = state.partitions.get(partitionName(request.topic, request.partition));
  if (partition === undefined || partition.replays.has(request.job)) return;
  const { step, wish, ...plan } = request;
  const next = step?.next ?? plan.from;
  const replay: Replay<P> = {
    plan,
    partition,
    lanes: new Map(),
    looseLanes: new Set(),
    tracker: trackerAt(next, step?.done ?? "", plan.to),
    stage: "waiting",
    wish,
    readTo: next,
    heldAt: null,
    reading: null,
    unsettledBytes: 0,
    inFlightCount: 0,
    sentCount: step?.counts.sent ?? 0,
    skipped: { ...step?.counts.skipped },
    failed: { ...step?.counts.failed },
    failedLanes: new Set(step?.failedLanes),
    skippedLanes: new Map(),
    end: null,
    goneCount: 0,
  };
  partition.replays.set(plan.job, replay);
  state.replays.all.add(replay);
}

/** Lets a job run, pauses it, or ends it, in all partitions. What was cancelled stays so. */
export function steerReplays<P>(
  { state }: StepContext<P>,
  { job, wish }: Extract<Input<P>, { kind: "replay-steered" }>,
): void {
  for (const replay of state.replays.all) {
    if (replay.plan.job !== job || replay.wish === "cancel") continue;
    replay.wish = wish;
    if (replay.stage === "running" && wish !== "run") replay.stage = "stopping";
  }
}

/** Does the next thing of every replay. */
export function advanceReplays<P>(context: StepContext<P>): void {
  for (const replay of context.state.replays.all) advance(context, replay);
}

/** Takes what a reading found. */
export function takeFound<P>(
  context: StepContext<P>,
  { reading, records, next }: ReplayFound<P>,
): void {
  const { replay } = reading;
  if (!isCurrent(reading)) return;
  replay.reading = null;
  const settledTo = replay.partition.tracker.committable;
  for (const record of records) {
    if (record.offset >= settledTo) {
      replay.heldAt = record.offset;
      replay.readTo = record.offset;
      return;
    }
    takeReplayed(context, replay, record);
  }
  replay.readTo = next;
}

/** A reading failed: it is made again, or the replay ends with what it holds, since the log has lost its range. */
export function failReading<P>(reading: ReplayReading<P>, failure: ReadingFailure): void {
  const { replay } = reading;
  if (!isCurrent(reading)) return;
  replay.reading = null;
  if (failure.kind === "again") return;
  const { tracker, plan } = replay;
  const start = asOffset(Math.min(failure.logStartOffset, plan.to));
  const end = asOffset(Math.max(failure.logEndOffset, reading.from, start));
  replay.goneCount = tracker.undoneCount(reading.from, start) + tracker.undoneCount(end, plan.to);
  replay.end ??= "range-gone";
}

/** Steps stand in the log: what they skipped stays skipped; where one is the last, its replay is over. */
export function endReplays<P>(
  { state, effects }: StepContext<P>,
  notes: readonly ReplayNote<P>[],
): void {
  for (const { replay, step } of notes) {
    forgetSkips(replay, step);
    if (step.end === null || !replay.partition.isOwned) continue;
    replay.partition.replays.delete(replay.plan.job);
    state.replays.all.delete(replay);
    effects.push({ kind: "replay-ended", replay, step });
  }
}

/** Takes a replay of an ended epoch out of all that counts it. */
export function forgetReplay<P>({ replays }: EngineState<P>, replay: Replay<P>): void {
  if (hasSeat(replay)) replays.seatCount -= 1;
  replays.all.delete(replay);
}

function forgetSkips<P>({ skippedLanes }: Replay<P>, { counts }: ReplayStep): void {
  const written = counts.skipped.KEY_SET_ASIDE ?? 0;
  for (const [name, count] of skippedLanes) if (count <= written) skippedLanes.delete(name);
}

function advance<P>(context: StepContext<P>, replay: Replay<P>): void {
  const { state } = context;
  const isThrough = replay.readTo >= replay.plan.to || replay.end === "range-gone";
  switch (replay.stage) {
    case "running":
      if (!isThrough) readOn(context, replay);
      else if (replay.tracker.unsettledCount === 0) return finish(state, replay);
      return standBack(state, replay);
    case "stopping":
      if (replay.inFlightCount > 0) return;
      drop(state, replay);
      return advance(context, replay);
    case "waiting":
      if (replay.wish === "cancel") replay.end ??= "cancelled";
      if (replay.end !== null || isThrough) return finish(state, replay);
      return takeSeat(context, replay);
    case "ending":
  }
}

function takeSeat<P>(context: StepContext<P>, replay: Replay<P>): void {
  const { replays } = context.state;
  const mayRun = replay.wish === "run" && replays.seatCount < REPLAYS_MAX;
  if (!mayRun || !mayRead(context, replay)) return;
  replays.seatCount += 1;
  replay.stage = "running";
  readOn(context, replay);
}

function readOn<P>(context: StepContext<P>, replay: Replay<P>): void {
  if (replay.reading !== null || !mayRead(context, replay)) return;
  const { plan, partition, readTo, tracker, unsettledBytes } = replay;
  const settledTo = partition.tracker.committable;
  const isSettled = readTo < settledTo;
  const reading: ReplayReading<P> = {
    replay,
    from: readTo,
    to: isSettled ? asOffset(Math.min(plan.to, settledTo)) : plan.to,
    // Beyond, one tells whether there is any.
    countMax: isSettled ? REPLAY_COUNT_MAX - tracker.unsettledCount : 1,
    bytesMax: REPLAY_BYTES_MAX - unsettledBytes,
  };
  replay.reading = reading;
  replay.heldAt = null;
  context.effects.push({ kind: "read-replay", reading });
}

/** One that holds nothing and may not read leaves its seat to others: live may be long in coming by. */
function standBack<P>({ replays }: EngineState<P>, replay: Replay<P>): void {
  if (replay.reading !== null || replay.tracker.unsettledCount > 0) return;
  replay.stage = "waiting";
  replays.seatCount -= 1;
}

function mayRead<P>({ state }: StepContext<P>, replay: Replay<P>): boolean {
  const { plan, tracker, unsettledBytes, readTo } = replay;
  return (
    readTo < plan.to &&
    isPassed(replay) &&
    tracker.unsettledCount <= REPLAY_COUNT_MAX / 2 &&
    unsettledBytes <= REPLAY_BYTES_MAX / 2 &&
    tracker.span < state.config.bounds.spanMax &&
    isWritten(replay) &&
    mayBegin(state)
  );
}

/** Whether nothing is skipped on only because the skip before is not written yet: what is read then would be, too. */
function isWritten<P>({ skippedLanes, partition }: Replay<P>): boolean {
  for (const name of skippedLanes.keys()) if (!isKeptAside(partition, name)) return false;
  return true;
}

/** I36: live has settled what comes next, or has nothing left and nobody knows whether anything comes. */
function isPassed<P>({ partition, readTo, heldAt }: Replay<P>): boolean {
  const { committable, unsettledCount } = partition.tracker;
  return readTo < committable || (unsettledCount === 0 && heldAt === null);
}

function finish<P>(state: EngineState<P>, replay: Replay<P>): void {
  if (hasSeat(replay)) state.replays.seatCount -= 1;
  replay.stage = "ending";
  replay.end ??= "done";
  if (replay.end === "range-gone") replay.failed.RANGE_GONE = replay.goneCount;
  state.progress.replays.add(replay);
}

/** Drops what a replay holds; it would be read again from its step. */
function drop<P>({ replays, waiting }: EngineState<P>, replay: Replay<P>): void {
  const isOther = (lane: Lane<P>): boolean => lane.replay !== replay;
  for (const queue of [replays.ready, replays.retries, replays.urgent, waiting])
    queue.keep(isOther);
  dropContended(replay.partition, isOther);
  for (const lane of [...replay.lanes.values(), ...replay.looseLanes]) emptyLane(lane);
  replay.lanes.clear();
  replay.looseLanes.clear();
  const { committable } = replay.tracker;
  replay.tracker = trackerAt(committable, replay.tracker.metadata(), replay.plan.to);
  replay.readTo = committable;
  replay.heldAt = null;
  replay.unsettledBytes = 0;
  replay.reading = null;
  replay.stage = "waiting";
  replays.seatCount -= 1;
}

function trackerAt(next: Offset, done: string, to: Offset): OffsetTracker {
  return new OffsetTracker(next, decodeDoneSet(done, next, to));
}

function isCurrent<P>(reading: ReplayReading<P>): boolean {
  const { replay } = reading;
  return replay.reading === reading && replay.partition.isOwned;
}

function hasSeat<P>({ stage }: Replay<P>): boolean {
  return stage === "running" || stage === "stopping";
}
