import type { HistoryLine } from "./history.ts";

type Kind = HistoryLine["h"] | "end";
type FieldType = "string" | "number" | "object" | "string?" | "any";

const RECORD = { topic: "string", partition: "number", offset: "number" } as const;

/** What each kind of line must hold, so far as joining lines depends on it; `?` may be null. */
const FIELDS: Readonly<Record<Kind, Readonly<Record<string, FieldType>>>> = {
  run: { run: "string", seed: "number", at: "number", targets: "object", topics: "object" },
  emit: {
    ...{ at: "number", ev: "string", producer: "string", id: "string", source: "string" },
    ...{ topic: "string", key: "string?", sequence: "number", sha: "string" },
  },
  log: { at: "number", ...RECORD, id: "string?", key: "string?", sha: "string", expect: "object" },
  "log-end": { topic: "string", partition: "number", start: "number", end: "number" },
  attempt: {
    ...{ at: "number", ev: "string", ...RECORD, target: "string", process: "string" },
    ...{ epoch: "number", number: "number", idempotencyKey: "string", job: "string?" },
  },
  recv: {
    ...{ at: "number", ev: "string", ...RECORD, target: "string", arrival: "number" },
    ...{ idempotencyKey: "string", bodySha: "string", job: "string?" },
  },
  commit: {
    ...{ at: "number", ev: "string", ...RECORD, target: "string", metadata: "string" },
    ...{ process: "string?" },
  },
  settle: {
    ...{ at: "number", ...RECORD, target: "string", process: "string", epoch: "number" },
    ...{ outcome: "string" },
  },
  dlq: {
    ...{ at: "number", ...RECORD, target: "string", key: "string?", reason: "string" },
    ...{ sha: "string", attempts: "number", epoch: "number" },
  },
  park: {
    ...{ at: "number", ...RECORD, target: "string", key: "string?", reason: "string" },
    ...{ sha: "string", attempts: "number", epoch: "number" },
  },
  state: { at: "number", offset: "number", key: "string", value: "any" },
  throttle: {
    ...{ at: "number", ev: "string", target: "string", process: "string", forMs: "number" },
  },
  ops: { at: "number", f: "string", who: "string" },
  measure: { at: "number", what: "string", who: "string", phase: "string", value: "number" },
  end: { name: "string", lineCount: "number" },
};

const FIELD_LISTS = new Map(
  Object.entries(FIELDS).map(([kind, fields]) => [kind, Object.entries(fields)]),
);

const EVENTS: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  emit: ["invoke", "ok", "fail", "info"],
  attempt: ["send", "out"],
  recv: ["arrive", "answer", "broken"],
  commit: ["send", "ok", "fail", "seen"],
  throttle: ["tell", "told"],
};

/** What is wrong with a line; null for nothing. */
export function faultOfLine(line: unknown): string | null {
  if (!isObject(line)) return "not an object";
  const kind = line["h"];
  if (typeof kind !== "string") return "no kind (h)";
  if (!isKind(kind)) return `unknown kind ${JSON.stringify(kind)}`;
  for (const [name, type] of FIELD_LISTS.get(kind) ?? []) {
    if (!hasType(line[name], type)) return `${kind} without ${name}, or not a ${type}`;
  }
  const events = EVENTS[kind];
  if (events?.includes(String(line["ev"])) === false) {
    return `${kind} with unknown ev ${JSON.stringify(line["ev"])}`;
  }
  return null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isKind(kind: string): kind is Kind {
  return FIELD_LISTS.has(kind);
}

function hasType(value: unknown, type: FieldType): boolean {
  if (type === "any") return value !== undefined;
  if (type === "string?") return value === null || typeof value === "string";
  if (type === "object") return typeof value === "object" && value !== null;
  if (type === "number") return typeof value === "number" && Number.isFinite(value);
  return typeof value === "string";
}
