import { Buffer } from "node:buffer";
import { Optional } from "@marcbachmann/cel-js";
import { Duration, UnsignedInt } from "@marcbachmann/cel-js/evaluator";
import { BoundRecord } from "./binding.ts";
import { durationText, Omit } from "./environment.ts";
import { MappingFailure } from "./mapping-failure.ts";
import { timestampText } from "./timestamp.ts";

/**
 * A CEL value as JSON text; undefined for `omit()`. int within 2^53 is a number, beyond it a string; bytes are base64,
 * timestamps RFC 3339, durations as protobuf's JSON has them.
 * @throws MappingFailure on what JSON cannot say: NaN, Infinity, types, unwrapped optionals.
 */
export function jsonText(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "bigint":
      return isSafe(value) ? value.toString() : `"${value}"`;
    case "number":
      return finite(value);
    case "boolean":
      return value ? "true" : "false";
    case "object":
      return value === null ? "null" : objectText(value);
    default:
      throw new MappingFailure("the value has no JSON form");
  }
}

/**
 * A CEL value as text in a URL or header: strings as they are, other scalars as JSON writes them but without quotes;
 * undefined for `omit()`.
 * @throws MappingFailure on null, lists, maps and records.
 */
export function plainText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "bigint") return value.toString();
  if (value === null) throw new MappingFailure("null has no form here; use omit() or a default");
  if (Array.isArray(value) || value instanceof Map || isPlain(value)) {
    throw new MappingFailure("a list, map or record has no form here");
  }
  const text = jsonText(value);
  return text?.startsWith('"') === true ? text.slice(1, -1) : text;
}

/** JSON of an object from its entries, in their order; those without text are left out. */
export function objectJson(entries: Iterable<readonly [string, string | undefined]>): string {
  let text = "";
  for (const [key, value] of entries) {
    if (value === undefined) continue;
    text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${value}`;
  }
  return `{${text}}`;
}

/** JSON of a list; items without text are left out. */
export function arrayJson(items: Iterable<string | undefined>): string {
  let text = "";
  for (const item of items) {
    if (item !== undefined) text += text === "" ? item : `,${item}`;
  }
  return `[${text}]`;
}

function objectText(value: object): string | undefined {
  if (Array.isArray(value)) return arrayJson(value.map(jsonText));
  if (value instanceof BoundRecord) {
    return objectJson(value.fieldNames.map((name) => [name, fieldText(value, name)]));
  }
  if (value instanceof Map) {
    return objectJson(Array.from(value, ([key, item]) => [String(key), jsonText(item)]));
  }
  if (value instanceof Date) return `"${timestampText(value)}"`;
  if (value instanceof Uint8Array) return `"${base64(value)}"`;
  if (value instanceof Omit) return undefined;
  if (value instanceof Duration) return `"${durationText(value)}"`;
  if (value instanceof UnsignedInt) return jsonText(value.value);
  if (value instanceof Optional) {
    throw new MappingFailure("an optional has no JSON form; end it with orValue()");
  }
  if (!isPlain(value)) throw new MappingFailure("the value has no JSON form");
  return objectJson(Object.entries(value).map(([key, item]) => [key, jsonText(item)]));
}

function fieldText(record: BoundRecord, name: string): string | undefined {
  const value = record.get(name);
  if (value === undefined) throw new MappingFailure(`the data has no field ${name}`);
  return jsonText(value);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function finite(value: number): string {
  if (Number.isFinite(value)) return String(value);
  throw new MappingFailure("NaN and Infinity have no JSON form");
}

function isSafe(value: bigint): boolean {
  return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER;
}

/** An object that CEL made of a map literal. */
function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
