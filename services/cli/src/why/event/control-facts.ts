/** What people and guards did to a target, as far as an event is touched by it. Pure. */
import {
  isInRuns,
  readDiscardKey,
  readMoveName,
  readRedriveKey,
  type Audit,
  type ReplayJob,
} from "@millrace/control";
import type { JobFact, PassedRewindFact, PauseSpan, RedriveFact } from "@millrace/diagnosis";
import { decodeDoneSet, type ReplayProgress } from "@millrace/engine";
import { isOfPartition, recordKeyOf, type AskedEvent } from "./asked-event.ts";

/** Times in which a target was held. @param audits the earliest first. */
export function pauseSpans(audits: readonly Audit[]): readonly PauseSpan[] {
  let spans: readonly PauseSpan[] = [];
  const end = (at: number, isMeant: (span: PauseSpan) => boolean): void => {
    spans = spans.map((span) => (span.to === null && isMeant(span) ? { ...span, to: at } : span));
  };
  for (const { action, wish } of audits) {
    const { by, reason, at } = wish;
    if (action === "resume") end(at, () => true);
    if (action !== "pause") continue;
    // Whoever pauses again says another reason.
    end(at, (span) => span.by === by);
    spans = [...spans, { from: at, to: null, by, reason }];
  }
  return spans;
}

/** An event in its lane. */
export interface LaneEvent extends Pick<AskedEvent, "place" | "producedAt"> {
  /** Null: it is ordered with no other. */
  readonly lane: string | null;
  /** It was parked, so that a redrive of an earlier one of its lane is one of it too. */
  readonly isParked: boolean;
}

/** Redrives of an event's own dead letter, and of those that it was parked behind. */
export function redrivesOf(
  audits: readonly Audit[],
  { place, lane, producedAt, isParked }: LaneEvent,
): readonly RedriveFact[] {
  return audits.flatMap(({ action, wish, of = [] }) => {
    if (action !== "redrive") return [];
    return of.flatMap((key): readonly RedriveFact[] => {
      const request = readRedriveKey(key)?.request;
      if (request === undefined || !isOfPartition(place, request)) return [];
      const { offset } = request;
      const isBehind =
        isParked && offset < place.offset && request.key === lane && wish.at >= (producedAt ?? 0);
      return offset === place.offset || isBehind ? [{ ...wish, offset }] : [];
    });
  });
}

/** Wishes that the key of an event goes on without it: without its dead letter, or what is parked behind that. */
export function dropsOf(
  audits: readonly Audit[],
  { place, lane }: Pick<LaneEvent, "lane" | "place">,
): readonly RedriveFact[] {
  return audits.flatMap(({ wish, of = [] }) =>
    of.flatMap((key): readonly RedriveFact[] => {
      const request = readDiscardKey(key)?.request;
      if (request === undefined || !isOfPartition(place, request)) return [];
      const { offset, below } = request;
      const isMeant = request.key === lane && offset <= place.offset && place.offset < below;
      return isMeant ? [{ ...wish, offset }] : [];
    }),
  );
}

/** Rewinds that went over an event, as far as they came to their end. */
export function rewindsOf(
  audits: readonly Audit[],
  { place }: Pick<AskedEvent, "place">,
): readonly PassedRewindFact[] {
  return audits.flatMap(({ action, wish, of = [] }) => {
    if (action !== "rewind-done") return [];
    return of.flatMap((name): readonly PassedRewindFact[] => {
      const move = readMoveName(name);
      if (move === null || !isOfPartition(place, move) || move.committed === null) return [];
      const { committed, to } = move;
      const isBetween =
        Math.min(committed, to) <= place.offset && place.offset < Math.max(committed, to);
      const direction = to > committed ? "forward" : "back";
      return isBetween ? [{ ...wish, direction, to }] : [];
    });
  });
}

/** Replays that have an event in their range. */
export function jobsOf(
  jobs: readonly ReplayJob[],
  progress: readonly ReplayProgress[],
  event: Pick<AskedEvent, "key" | "place">,
): readonly JobFact[] {
  const { place } = event;
  const key = recordKeyOf(event);
  return jobs.flatMap(({ id, mode, ranges, keys, state: wanted, wish }): readonly JobFact[] => {
    const { offset } = place;
    const range = ranges.find((one) => {
      const isInside = one.from <= offset && offset < one.to;
      return isOfPartition(place, one) && isInside && isInRuns(one.only ?? [one], offset);
    });
    const isMeant = keys === null || (key !== null && keys.includes(key));
    if (range === undefined || !isMeant) return [];
    const found = progress.find((one) => one.job === id && isOfPartition(place, one));
    return [{ job: id, mode, ...wish, wanted, state: stateOf(found, offset) }];
  });
}

function stateOf(progress: ReplayProgress | undefined, offset: number): JobFact["state"] {
  if (progress === undefined) return "open";
  const { next, done, end } = progress.step;
  const runs = decodeDoneSet(done, next, progress.to);
  const isDone = runs.some(({ from, to }) => from <= offset && offset < to);
  if (offset < next || isDone) return "passed";
  return end === null ? "open" : "ended";
}
