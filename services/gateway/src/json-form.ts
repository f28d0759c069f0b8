/** Millrace's own JSON: one event, an array of events, or `{"events": [...]}`. */
import {
  batchItems,
  draftsOrRefusal,
  escapePointer,
  invalidEvents,
  isJsonObject,
  isTypeName,
  type DraftResult,
  type EventDraft,
  type JsonObject,
} from "./event-draft.ts";
import type { ProblemError } from "./problem.ts";

const MEMBERS = ["id", "source", "type", "data", "key", "subject", "time", "extensions"] as const;
const KNOWN: ReadonlySet<string> = new Set(MEMBERS);

/** What a JSON body holds. */
export interface JsonForm {
  readonly drafts: readonly EventDraft[];
  readonly isBatch: boolean;
}

/** @throws Refusal `event-invalid`, `body-too-large`. */
export function readJsonForm(body: unknown): JsonForm {
  if (Array.isArray(body)) return readBatch(body, "");
  if (!isJsonObject(body)) {
    const detail = 'must be an event, an array of events, or {"events": [...]}';
    throw invalidEvents([{ pointer: "", detail }]);
  }
  if (!("events" in body)) return { drafts: draftsOrRefusal([draftOf(body, "")]), isBatch: false };
  const others = Object.keys(body).filter((name) => name !== "events");
  if (others.length === 0) return readBatch(body["events"], "/events");
  throw invalidEvents(
    others.map((name) => ({
      pointer: `/${escapePointer(name)}`,
      detail: "cannot stand beside events",
    })),
  );
}

function readBatch(body: unknown, pointer: string): JsonForm {
  const items = batchItems(body, pointer);
  const results = items.map((item, index) => draftOf(item, `${pointer}/${index}`));
  return { drafts: draftsOrRefusal(results), isBatch: true };
}

function draftOf(item: unknown, base: string): DraftResult {
  if (!isJsonObject(item)) return { problems: [{ pointer: base, detail: "must be an object" }] };
  const problems = problemsOf(item, base);
  if (problems.length > 0) return { problems };
  // Types of the attributes are checked with the schema, where every problem of an event is found at once.
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- its members are known, see problemsOf
  const event = item as unknown as EventDraft["event"];
  return { event, locate: (pointer) => ({ pointer: base + pointer }) };
}

function problemsOf(item: JsonObject, base: string): readonly ProblemError[] {
  const problems: ProblemError[] = [];
  for (const name of Object.keys(item)) {
    if (KNOWN.has(name)) continue;
    const detail = `is not known; an event has ${MEMBERS.join(", ")}`;
    problems.push({ pointer: `${base}/${escapePointer(name)}`, detail });
  }
  const { type, data, extensions } = item;
  if (!isTypeName(type)) {
    problems.push({ pointer: `${base}/type`, detail: "must be the name of an event type" });
  }
  if (data === undefined) problems.push({ pointer: `${base}/data`, detail: "is required" });
  if (extensions !== undefined && !isJsonObject(extensions)) {
    problems.push({ pointer: `${base}/extensions`, detail: "must be an object" });
  }
  return problems;
}
