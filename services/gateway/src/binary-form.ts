/**
 * A CloudEvent in binary mode: attributes in `ce-` headers, the body is the data.
 * Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#313-metadata-headers
 */
import type { IncomingHttpHeaders } from "node:http";
import { draftsOrRefusal, isTypeName, type EventDraft } from "./event-draft.ts";
import type { ProblemError, ProblemPlace } from "./problem.ts";

const PREFIX = "ce-";
const ATTRIBUTES: ReadonlySet<string> = new Set(["id", "source", "type", "time", "subject"]);
/**
 * Not carried on: the version is checked; the data's schema is the catalog's; `datacontenttype` must not stand here, but
 * senders are known to write it beside `content-type`, which holds.
 */
const DROPPED: ReadonlySet<string> = new Set(["specversion", "dataschema", "datacontenttype"]);
const REQUIRED = ["specversion", "id", "source", "type"];

/** @throws Refusal `event-invalid`. */
export function readBinary(headers: IncomingHttpHeaders, data: unknown): readonly EventDraft[] {
  const problems: ProblemError[] = [];
  const texts = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(PREFIX) || typeof value !== "string") continue;
    const text = decodeHeaderValue(value);
    if (text === null) problems.push({ header: name, detail: "is not percent-encoded UTF-8" });
    else texts.set(name.slice(PREFIX.length), text);
  }
  for (const name of REQUIRED) {
    const isThere = texts.has(name) || problems.some((one) => isAt(one, PREFIX + name));
    if (!isThere) problems.push({ header: PREFIX + name, detail: "is required" });
  }
  const version = texts.get("specversion");
  if (version !== undefined && version !== "1.0") {
    problems.push({ header: "ce-specversion", detail: "must be 1.0" });
  }
  const type = texts.get("type");
  if (type !== undefined && !isTypeName(type)) {
    problems.push({ header: "ce-type", detail: "must be the name of an event type" });
  }
  if (problems.length > 0) return draftsOrRefusal([{ problems }]);
  return [{ event: eventOf(texts, data), locate }];
}

/** Null when a `%` begins no byte, the bytes are no UTF-8, or a character beyond ASCII stands there unencoded. */
export function decodeHeaderValue(value: string): string | null {
  if (/[^\x20-\x7e]/u.test(value)) return null;
  const text = value.startsWith('"') && value.endsWith('"') ? unquoted(value) : value;
  if (/%(?![0-9A-Fa-f]{2})/u.test(text)) return null;
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function unquoted(value: string): string {
  return value.slice(1, -1).replaceAll(/\\(.)/gu, "$1");
}

function eventOf(texts: ReadonlyMap<string, string>, data: unknown): EventDraft["event"] {
  const attributes: Record<string, string> = {};
  const extensions: Record<string, string> = {};
  for (const [name, text] of texts) {
    if (ATTRIBUTES.has(name)) attributes[name] = text;
    else if (!DROPPED.has(name)) extensions[name] = text;
  }
  return { ...attributes, type: texts.get("type") ?? "", data, extensions };
}

function locate(pointer: string): ProblemPlace {
  if (pointer.startsWith("/data")) return { pointer: pointer.slice("/data".length) };
  const name = pointer.replace(/^\/(?:extensions\/)?/u, "");
  return { header: PREFIX + name };
}

function isAt(problem: ProblemError, header: string): boolean {
  return "header" in problem && problem.header === header;
}
