/**
 * CloudEvents in structured mode, single or as a batch.
 * Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
import {
  batchItems,
  draftsOrRefusal,
  isJsonObject,
  isTypeName,
  type DraftResult,
  type EventDraft,
  type JsonObject,
} from "./event-draft.ts";
import { parseJsonBody } from "./json-body.ts";
import { isJsonMediaType, parseMediaType } from "./media-type.ts";
import { Refusal, type ProblemError } from "./problem.ts";

const OWN_MEMBERS: ReadonlySet<string> = new Set([
  "specversion",
  "id",
  "source",
  "type",
  "time",
  "subject",
  "datacontenttype",
  // The schema that the data is held to is the catalog's; what the sender calls it is not carried on.
  "dataschema",
  "data",
  "data_base64",
]);

/** One event. @throws Refusal `event-invalid`. */
export function readStructured(body: unknown): readonly EventDraft[] {
  return draftsOrRefusal([draftOf(body, "")]);
}

/** A batch of events. @throws Refusal `event-invalid`, `body-too-large`. */
export function readStructuredBatch(body: unknown): readonly EventDraft[] {
  return draftsOrRefusal(batchItems(body, "").map((item, index) => draftOf(item, `/${index}`)));
}

function draftOf(item: unknown, base: string): DraftResult {
  if (!isJsonObject(item)) return { problems: [{ pointer: base, detail: "must be an object" }] };
  const event = new StructuredEvent(item, base);
  const data = event.data();
  const extensions = event.extensions();
  const attributes = event.attributes();
  if (event.problems.length > 0) return { problems: event.problems };
  return {
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- types are checked with the schema
    event: { ...attributes, data, extensions } as EventDraft["event"],
    locate: (pointer) => ({ pointer: base + event.locate(pointer) }),
  };
}

/** Reads the members of one event and notes what is wrong with them. */
class StructuredEvent {
  readonly problems: ProblemError[] = [];
  readonly #item: JsonObject;
  readonly #base: string;

  constructor(item: JsonObject, base: string) {
    this.#item = item;
    this.#base = base;
  }

  /** Where a pointer into the event to emit is in this form. */
  locate(pointer: string): string {
    if (pointer.startsWith("/extensions/")) return pointer.slice("/extensions".length);
    const isEncoded = pointer.startsWith("/data") && isPresent(this.#item["data_base64"]);
    return isEncoded ? "/data_base64" : pointer;
  }

  attributes(): JsonObject {
    const { specversion, type } = this.#item;
    if (specversion !== "1.0") this.#note("specversion", 'must be "1.0"');
    if (!isTypeName(type)) this.#note("type", "must be the name of an event type");
    const names = ["id", "source", "type", "time", "subject"];
    for (const name of ["id", "source"]) {
      if (!isPresent(this.#item[name])) this.#note(name, "is required");
    }
    const given = names.filter((name) => isPresent(this.#item[name]));
    return Object.fromEntries(given.map((name) => [name, this.#item[name]]));
  }

  /** Extensions as text, the canonical form of CloudEvents' types. */
  extensions(): Readonly<Record<string, string>> {
    const extensions: Record<string, string> = {};
    for (const [name, value] of Object.entries(this.#item)) {
      if (OWN_MEMBERS.has(name) || !isPresent(value)) continue;
      if (typeof value === "string") extensions[name] = value;
      else if (typeof value === "boolean" || isInt32(value)) extensions[name] = String(value);
      else this.#note(name, "must be a string, a boolean or a 32-bit integer");
    }
    return extensions;
  }

  data(): unknown {
    const { datacontenttype, data, data_base64: encoded } = this.#item;
    if (isPresent(datacontenttype) && !isJsonType(datacontenttype)) {
      this.#note("datacontenttype", "must be a JSON media type");
    }
    if (isPresent(data) && isPresent(encoded)) {
      this.#note("data_base64", "cannot stand beside data");
    } else if (isPresent(encoded)) {
      return this.#decoded(encoded);
    } else if (data === undefined) {
      this.#note("data", "is required");
    }
    return data;
  }

  #decoded(encoded: unknown): unknown {
    if (typeof encoded !== "string" || !BASE64.test(encoded)) {
      this.#note("data_base64", "must be base64");
      return undefined;
    }
    try {
      return parseJsonBody(Buffer.from(encoded, "base64"));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#note("data_base64", `must hold JSON: ${error.message.replace("the body", "it")}`);
      return undefined;
    }
  }

  #note(name: string, detail: string): void {
    const pointer = `${this.#base}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    this.problems.push({ pointer, detail });
  }
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/u;

/** A member that is null counts as absent (JSON format, section 2.2). */
function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isInt32(value: unknown): value is number {
  return typeof value === "number" && (value | 0) === value;
}

function isJsonType(value: unknown): boolean {
  return typeof value === "string" && isJsonMediaType(parseMediaType(value).mediaType);
}
