import { createHash } from "node:crypto";
import type { MappingSource } from "../config.ts";
import { DEFAULT_METHOD } from "./methods.ts";

/**
 * The mapping revision: the first 16 hex digits of SHA-256 over what decides a request: filter, module, the request
 * without its timeout, and the reader schemas. The order of headers and params does not count, that of a body's keys
 * does; comments, quotes and secrets never do.
 *
 * @param readers The reader schema of each event type that can be delivered.
 */
export function mappingRevision(
  source: MappingSource,
  readers: ReadonlyMap<string, unknown>,
): string {
  const { method, url, params, headers, body } = requestParts(source.request);
  const parts = [
    "v1",
    source.filter,
    source.module?.sha256 ?? null,
    [method ?? DEFAULT_METHOD, url, sortedEntries(params), sortedEntries(headers), body],
    sortedEntries(Object.fromEntries(readers)),
  ];
  return createHash("sha256").update(canonical(parts)).digest("hex").slice(0, 16);
}

type Json = Readonly<Record<string, unknown>>;

const requestParts = (request: unknown): Json => (isObject(request) ? request : {});

function sortedEntries(map: unknown): readonly (readonly [string, unknown])[] {
  if (!isObject(map)) return [];
  return Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** JSON, but for absent values, which are unlike null. Keys keep their order. */
function canonical(parts: unknown): string {
  return JSON.stringify(parts, (_key, value: unknown) => (value === undefined ? [] : value));
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
