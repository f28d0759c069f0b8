/**
 * How far detours and replays have come, written to the state topic continuously: a crash repeats only what they sent
 * since the last acknowledged write. One write is open at a time, of all that have moved.
 */
import { writeRetryMs } from "../lanes/backoff.ts";
import type { StepContext } from "../context.ts";
import type { Offset } from "../lanes/identity.ts";
import type { Aside, Marker } from "./marker.ts";
import type { PartitionState } from "../lanes/partition.ts";
import { stepOf, type Replay, type ReplayStep } from "../replay/replay.ts";
import type { EngineState } from "../state.ts";

/** What is to be written of a target's detours and replays. */
export interface Progress<Payload> {
  readonly dirty: Set<Aside<Payload>>;
  readonly replays: Set<Replay<Payload>>;
  /** The write that is open, or null. */
  open: OpenWrite<Payload> | null;
  writeCount: number;
  failureCount: number;
  notBefore: number;
}

/** A write that is open. */
export interface OpenWrite<Payload> {
  readonly id: number;
  readonly asides: readonly Aside<Payload>[];
  /** Of those, what is dropped for the first time. */
  readonly drops: readonly DropNote<Payload>[];
  readonly notes: readonly ReplayNote<Payload>[];
}

/** A key of which something is dropped, and the marker that it is dropped behind. */
export interface DropNote<Payload> {
  readonly aside: Aside<Payload>;
  readonly marker: Marker;
}

/** How far one replay has come. */
export interface ReplayNote<Payload> {
  readonly replay: Replay<Payload>;
  readonly step: ReplayStep;
}

/** How far one detour has come. */
export interface ProgressEntry<Payload> {
  readonly partition: PartitionState<Payload>;
  readonly marker: Marker;
  readonly next: Offset;
  readonly cursor: Offset | null;
  readonly dropBelow: Offset | null;
}

/** Nothing has moved. */
export function createProgress<P>(): Progress<P> {
  return {
    dirty: new Set(),
    replays: new Set(),
    open: null,
    writeCount: 0,
    failureCount: 0,
    notBefore: 0,
  };
}

/** Whether a write is open or due: a drain waits for it. */
export function isProgressing<P>(progress: Progress<P>): boolean {
  return progress.open !== null || hasMoved(progress);
}

/** When the next write may leave; Infinity when none waits for a time. */
export function nextProgressAt<P>({ membership, progress }: EngineState<P>): number {
  const { open, notBefore } = progress;
  return membership !== "none" && open === null && hasMoved(progress) ? notBefore : Infinity;
}

/** Sends the next write when the last is answered, something moved, and the interval is over. */
export function sendProgress<P>({ state, effects, now }: StepContext<P>): void {
  const { progress, membership } = state;
  const { dirty, replays } = progress;
  if (progress.open !== null || !hasMoved(progress) || membership === "none") return;
  const isHurried = membership === "draining" && progress.failureCount === 0;
  if (now < progress.notBefore && !isHurried) return;
  const asides = [...dirty];
  const notes = Array.from(replays, (replay) => ({ replay, step: stepOf(replay) }));
  dirty.clear();
  replays.clear();
  progress.writeCount += 1;
  const drops = asides.filter(({ dropBelow, isDropNoted }) => dropBelow !== null && !isDropNoted);
  progress.open = {
    ...{ id: progress.writeCount, asides, notes },
    drops: drops.map((aside) => ({ aside, marker: aside.marker })),
  };
  progress.notBefore = now + state.config.commitIntervalMs;
  const entries = asides.map(({ partition, marker, next, cursor, dropBelow }) => ({
    ...{ partition, marker, next, cursor, dropBelow },
  }));
  effects.push({ kind: "progress", id: progress.writeCount, entries, replays: notes });
}

/** The write stands. @returns what is in the log by it of replays, and of what is dropped. */
export function acknowledgeProgress<P>(
  { state: { progress } }: StepContext<P>,
  id: number,
): Pick<OpenWrite<P>, "drops" | "notes"> {
  if (progress.open?.id !== id) return { drops: [], notes: [] };
  const { drops, notes } = progress.open;
  progress.open = null;
  progress.failureCount = 0;
  return { drops, notes };
}

/** The write may stand or not: it is made again, less often. */
export function failProgress<P>({ state, now }: StepContext<P>, id: number): void {
  const { progress } = state;
  if (progress.open?.id !== id) return;
  for (const aside of progress.open.asides) {
    const isCurrent = aside.partition.aside.get(aside.marker.lane) === aside;
    if (isCurrent) progress.dirty.add(aside);
  }
  for (const { replay } of progress.open.notes) {
    if (replay.partition.isOwned) progress.replays.add(replay);
  }
  progress.open = null;
  progress.failureCount += 1;
  progress.notBefore = now + writeRetryMs(state.config.commitIntervalMs, progress.failureCount);
}

/** Of an ended epoch nothing is written any more. */
export function forgetProgress<P>({ progress }: EngineState<P>): void {
  for (const aside of progress.dirty) {
    if (!aside.partition.isOwned) progress.dirty.delete(aside);
  }
  for (const replay of progress.replays) {
    if (!replay.partition.isOwned) progress.replays.delete(replay);
  }
}

function hasMoved<P>({ dirty, replays }: Progress<P>): boolean {
  return dirty.size > 0 || replays.size > 0;
}
