/**
 * How far detours have come, written to the state topic continuously: a crash repeats only what was detoured since the
 * last acknowledged write. One write is open at a time, of all detours that have moved.
 */
import { writeRetryMs } from "../lanes/backoff.ts";
import type { StepContext } from "../context.ts";
import type { Offset } from "../lanes/identity.ts";
import type { Aside, Marker } from "./marker.ts";
import type { PartitionState } from "../lanes/partition.ts";
import type { EngineState } from "../state.ts";

/** What is to be written of a target's detours. */
export interface Progress<Payload> {
  readonly dirty: Set<Aside<Payload>>;
  /** The write that is open, or null. */
  open: { readonly id: number; readonly asides: readonly Aside<Payload>[] } | null;
  writeCount: number;
  failureCount: number;
  notBefore: number;
}

/** How far one detour has come. */
export interface ProgressEntry<Payload> {
  readonly partition: PartitionState<Payload>;
  readonly marker: Marker;
  readonly next: Offset;
  readonly cursor: Offset | null;
}

/** No detour has moved. */
export function createProgress<P>(): Progress<P> {
  return { dirty: new Set(), open: null, writeCount: 0, failureCount: 0, notBefore: 0 };
}

/** Whether a write is open or due: a drain waits for it. */
export function isProgressing<P>({ open, dirty }: Progress<P>): boolean {
  return open !== null || dirty.size > 0;
}

/** When the next write may leave; Infinity when none waits for a time. */
export function nextProgressAt<P>({ membership, progress }: EngineState<P>): number {
  const { open, dirty, notBefore } = progress;
  return membership !== "none" && open === null && dirty.size > 0 ? notBefore : Infinity;
}

/** Sends the next write when the last is answered, something moved, and the interval is over. */
export function sendProgress<P>({ state, effects, now }: StepContext<P>): void {
  const { progress, membership } = state;
  const { dirty } = progress;
  if (progress.open !== null || dirty.size === 0 || membership === "none") return;
  const isHurried = membership === "draining" && progress.failureCount === 0;
  if (now < progress.notBefore && !isHurried) return;
  const asides = [...dirty];
  dirty.clear();
  progress.writeCount += 1;
  progress.open = { id: progress.writeCount, asides };
  progress.notBefore = now + state.config.commitIntervalMs;
  const entries = asides.map(({ partition, marker, next, cursor }) => ({
    partition,
    marker,
    next,
    cursor,
  }));
  effects.push({ kind: "progress", id: progress.writeCount, entries });
}

/** The write stands. */
export function acknowledgeProgress<P>({ state: { progress } }: StepContext<P>, id: number): void {
  if (progress.open?.id !== id) return;
  progress.open = null;
  progress.failureCount = 0;
}

/** The write may stand or not: it is made again, less often. */
export function failProgress<P>({ state, now }: StepContext<P>, id: number): void {
  const { progress } = state;
  if (progress.open?.id !== id) return;
  for (const aside of progress.open.asides) {
    const isCurrent = aside.partition.aside.get(aside.marker.lane) === aside;
    if (isCurrent) progress.dirty.add(aside);
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
}
