/**
 * `job/<id>`: ranges of a target's sources are to be sent once more, and whether that is to run, to pause or to end. Whoever owns a
 * partition does its part; how far it has come stands in the state topic. Version 1. What cannot be read is nobody's job: it
 * would send what nobody asked for.
 */
import {
  asJob,
  asOffset,
  asPartition,
  asRecordKey,
  asTarget,
  asTopic,
  type JobId,
  type RecordKey,
  type ReplayMode,
  type ReplayWish,
  type TargetId,
} from "@millrace/engine";
import { readRuns, runLengths, type OffsetRun } from "./offset-runs.ts";
import type { DeadLetterEvent } from "./resolution.ts";
import { isVersionOne, readWish, wishValue, type Wish, type WishValue } from "./wish.ts";

/** A part of a source partition. */
export interface JobRange extends Pick<DeadLetterEvent, "partition" | "topic"> {
  readonly from: number;
  /** One above the last. */
  readonly to: number;
  /** Only events at these offsets, ascending; null: at all of them. */
  readonly only: readonly OffsetRun[] | null;
  /** Events of it that the plan has counted: what sent, skipped and failed ones have to add up to. */
  readonly plannedCount: number;
}

/** A replay that someone wants. */
export interface ReplayJob {
  readonly id: JobId;
  readonly target: TargetId;
  readonly mode: ReplayMode;
  /** At least one; each partition once. */
  readonly ranges: readonly JobRange[];
  /** Only events of these keys; null: of all. */
  readonly keys: readonly RecordKey[] | null;
  readonly state: ReplayWish;
  readonly wish: Wish;
}

/** A job as it stands in the log. Offsets are text, keys base64url of their bytes; `only` is lengths of runs (offset-runs.ts). */
export interface ReplayJobValue extends WishValue {
  readonly v: 1;
  readonly kind: "replay";
  readonly target: string;
  readonly mode: ReplayMode;
  readonly ranges: readonly (readonly [
    topic: string,
    partition: number,
    from: string,
    to: string,
    plannedCount: number,
    only: readonly number[] | null,
  ])[];
  readonly keys: readonly string[] | null;
  readonly state: ReplayWish;
}

/** What all keys of jobs begin with. */
export const JOBS = "job/";

const ID = /^[\w.-]{1,64}$/u;

/** The key of a job. */
export const jobKey = (id: JobId): string => `${JOBS}${id}`;

/** The value of a job. */
export function jobValue({ target, mode, ranges, keys, state, wish }: ReplayJob): ReplayJobValue {
  return {
    ...{ v: 1, kind: "replay", target, mode, state, ...wishValue(wish) },
    ranges: ranges.map(({ topic, partition, from, to, plannedCount, only }) => [
      topic,
      partition,
      String(from),
      String(to),
      plannedCount,
      only === null ? null : runLengths(from, only),
    ]),
    keys:
      keys === null ? null : keys.map((key) => Buffer.from(key, "latin1").toString("base64url")),
  };
}

/** Reads an entry; null for anything else. */
export function readJob(key: string, value: unknown): ReplayJob | null {
  const id = key.startsWith(JOBS) ? key.slice(JOBS.length) : "";
  if (!ID.test(id) || !isVersionOne(value) || value["kind"] !== "replay") return null;
  const { target, mode, ranges, keys, state } = value;
  const wish = readWish(value);
  if (wish === null || typeof target !== "string" || !isMode(mode) || !isState(state)) return null;
  const read = { ranges: rangesOf(ranges), keys: keysOf(keys) };
  if (read.ranges === null || read.keys === undefined) return null;
  const { ranges: parts, keys: only } = read;
  return { id: asJob(id), target: asTarget(target), mode, ranges: parts, keys: only, state, wish };
}

function rangesOf(value: unknown): readonly JobRange[] | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const ranges = value.map(rangeOf);
  return ranges.every((range) => range !== null) ? ranges : null;
}

function rangeOf(value: unknown): JobRange | null {
  if (!Array.isArray(value)) return null;
  const parts: readonly unknown[] = value;
  const [topic, partition, from, to, plannedCount, runs = null] = parts;
  const [start, end] = [from, to].map((text) => (typeof text === "string" ? Number(text) : NaN));
  if (typeof topic !== "string" || !isCount(partition) || !isCount(plannedCount)) return null;
  if (!isCount(start) || !isCount(end)) return null;
  const only = runs === null ? null : readRuns(runs, { from: start, to: end });
  // Without them it would send what nobody asked for.
  if (runs !== null && only === null) return null;
  return {
    ...{ topic: asTopic(topic), partition: asPartition(partition) },
    ...{ from: asOffset(start), to: asOffset(end), plannedCount, only },
  };
}

/** Undefined where it is no list. */
function keysOf(value: unknown): readonly RecordKey[] | null | undefined {
  if (value === null) return null;
  if (!Array.isArray(value) || !value.every((key) => typeof key === "string")) return undefined;
  return value.map((key) => asRecordKey(Buffer.from(key, "base64url").toString("latin1")));
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isMode(value: unknown): value is ReplayMode {
  return value === "repair" || value === "reprocess";
}

function isState(value: unknown): value is ReplayWish {
  return value === "run" || value === "pause" || value === "cancel";
}
