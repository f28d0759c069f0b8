import type { EmitAttributes } from "@millrace/emitter";
import { Refusal, type ProblemError, type ProblemPlace } from "./problem.ts";

/** An event as a request carries it, not yet checked against its schema. */
export interface EventDraft {
  readonly event: { readonly type: string; readonly data: unknown } & EmitAttributes;
  /** Where in the request a pointer into `event` is. */
  readonly locate: (pointer: string) => ProblemPlace;
}

/** Events of one request at most. */
export const BATCH_EVENTS_MAX = 1_000;
/** Problems listed in one answer at most; the rest would be noise. */
export const PROBLEMS_MAX = 100;

/** A draft, or what is wrong with its form. */
export type DraftResult = EventDraft | { readonly problems: readonly ProblemError[] };

/** All drafts of a request. @throws Refusal `event-invalid` listing the problems of all. */
export function draftsOrRefusal(results: readonly DraftResult[]): readonly EventDraft[] {
  const drafts: EventDraft[] = [];
  const problems: ProblemError[] = [];
  for (const result of results) {
    if ("problems" in result) problems.push(...result.problems);
    else drafts.push(result);
  }
  if (problems.length > 0) throw invalidEvents(problems);
  return drafts;
}

/**
 * What is wrong with the identities of a batch: an event that stands there twice would stand in the log twice, and
 * consumers would be right to drop one of them.
 */
export function assertDistinct(drafts: readonly EventDraft[]): void {
  const seen = new Map<string, number>();
  const problems: ProblemError[] = [];
  for (const [index, { event, locate }] of drafts.entries()) {
    if (event.id === undefined) continue;
    const identity = JSON.stringify([event.source, event.id]);
    const first = seen.get(identity);
    if (first === undefined) seen.set(identity, index);
    else
      problems.push({ ...locate("/id"), detail: `is that of event ${first}, of the same source` });
  }
  if (problems.length > 0) throw invalidEvents(problems);
}

/** The items of a batch. @throws Refusal for one that is empty or too long. */
export function batchItems(items: unknown, pointer: string): readonly unknown[] {
  if (!Array.isArray(items)) {
    throw invalidEvents([{ pointer, detail: "must be an array of events" }]);
  }
  if (items.length === 0) throw invalidEvents([{ pointer, detail: "holds no event" }]);
  if (items.length > BATCH_EVENTS_MAX) {
    const detail = `the batch has ${items.length} events, at most ${BATCH_EVENTS_MAX} are taken`;
    throw new Refusal("body-too-large", detail);
  }
  return items;
}

/** A refusal that lists problems, at most {@link PROBLEMS_MAX} of them. */
export function invalidEvents(problems: readonly ProblemError[]): Refusal {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const listed = problems.length > PROBLEMS_MAX ? `, the first ${PROBLEMS_MAX} are listed` : "";
  return new Refusal("event-invalid", `${count} found${listed}; nothing was emitted`, {
    errors: problems.slice(0, PROBLEMS_MAX),
  });
}

/** Whether a value can name an event type at all; longer ones need not be looked up and quoted. */
export function isTypeName(type: unknown): type is string {
  return typeof type === "string" && type !== "" && type.length <= TYPE_LENGTH_MAX;
}

const TYPE_LENGTH_MAX = 255;

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether parsed JSON is an object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A member's name within a pointer. */
export function escapePointer(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
