/** Lines of NDJSON to events: some fields become the envelope, the rest is the data. */
import { v5 as uuidV5 } from "uuid";
import { jsonProblem, parseJson } from "./json.ts";
import type { Problem } from "../problem.ts";
import type { SourceLine } from "./lines.ts";

/** How a line becomes an event. */
export interface LineMapping {
  /** Every line's type; null: the field `typeField` says it. */
  readonly type: string | null;
  /** Null: no field does. */
  readonly typeField: string | null;
  readonly timeField: string | null;
  /** The field of the data that is the key, instead of the catalogue's. */
  readonly keyField: string | null;
  readonly source: string;
}

/** An event of a line, as the emitter takes it. */
export interface LineEvent {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly time?: string;
  readonly key?: string;
}

/** A line looked at: an event, blank, or what is wrong with it. */
export type ReadLine =
  | { readonly kind: "event"; readonly event: LineEvent }
  | { readonly kind: "blank" }
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] };

/** The namespace of all ids that are made from lines; a constant of the wire, never to change. */
const LINE_NAMESPACE = "a3c5f6d0-7b1e-5c57-9f3a-6d1c0de4b2a1";

/** Reads lines of one source. */
export class LineReader {
  readonly #mapping: LineMapping;
  readonly #namespace: string;
  readonly #resolveType: (name: string) => string;

  /** @param resolveType the catalogue's full name of a type as a line has it; unknown ones as they are. */
  constructor(mapping: LineMapping, resolveType: (name: string) => string) {
    this.#mapping = mapping;
    this.#namespace = uuidV5(mapping.source, LINE_NAMESPACE);
    this.#resolveType = resolveType;
  }

  /** The event of a line. The same line at the same number of the same source has the same id, on every run. */
  read({ number, text, problem }: SourceLine): ReadLine {
    if (text === null) return invalid("", problem ?? "the line cannot be read");
    if (text.trim() === "") return { kind: "blank" };
    const parsed = objectOf(text);
    if ("problem" in parsed) return invalid("", parsed.problem);
    const problems: Problem[] = [];
    const { fields } = parsed;
    const type = this.#typeOf(fields, problems);
    const time = this.#timeOf(fields, problems);
    const key = this.#keyOf(fields, problems);
    if (problems.length > 0 || type === null) return { kind: "invalid", problems };
    const id = uuidV5(`${number}\n${text}`, this.#namespace);
    const data = Object.fromEntries(fields);
    const event = { id, type: this.#resolveType(type), data };
    return {
      kind: "event",
      event: { ...event, ...(time === null ? {} : { time }), ...(key === null ? {} : { key }) },
    };
  }

  #typeOf(fields: Map<string, unknown>, problems: Problem[]): string | null {
    const { type, typeField } = this.#mapping;
    if (type !== null) return type;
    const value = take(fields, typeField);
    if (typeof value === "string" && value !== "") return value;
    const detail = value === undefined ? "is missing: it names the event's type" : "must be a text";
    problems.push({ pointer: pointerOf(typeField), detail });
    return null;
  }

  #timeOf(fields: Map<string, unknown>, problems: Problem[]): string | null {
    const { timeField } = this.#mapping;
    const value = take(fields, timeField);
    if (value === undefined || value === null) return null;
    if (typeof value === "string") return value;
    const isTime = typeof value === "number" && Number.isInteger(value) && isDate(value);
    if (isTime) return new Date(value).toISOString();
    const detail = "must be an RFC 3339 time or epoch milliseconds";
    problems.push({ pointer: pointerOf(timeField), detail });
    return null;
  }

  /** The key's field stays in the data. */
  #keyOf(fields: ReadonlyMap<string, unknown>, problems: Problem[]): string | null {
    const { keyField } = this.#mapping;
    if (keyField === null) return null;
    const value = fields.get(keyField);
    if (typeof value === "string" && value !== "") return value;
    if (typeof value === "number" || typeof value === "bigint") return value.toString();
    const detail = value === undefined ? "is missing: it is the key" : "must be a text or number";
    problems.push({ pointer: pointerOf(keyField), detail });
    return null;
  }
}

function invalid(pointer: string, detail: string): ReadLine {
  return { kind: "invalid", problems: [{ pointer, detail }] };
}

function objectOf(
  text: string,
): { readonly fields: Map<string, unknown> } | { readonly problem: string } {
  try {
    const value = parseJson(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return { problem: "must be a JSON object" };
    }
    return { fields: new Map(Object.entries(value)) };
  } catch (error) {
    return { problem: jsonProblem(error) };
  }
}

function take(fields: Map<string, unknown>, name: string | null): unknown {
  if (name === null) return undefined;
  const value = fields.get(name);
  fields.delete(name);
  return value;
}

function isDate(epochMs: number): boolean {
  return Math.abs(epochMs) <= 8.64e15;
}

function pointerOf(name: string | null): string {
  return `/${(name ?? "").replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
