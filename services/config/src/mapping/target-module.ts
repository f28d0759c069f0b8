import { Buffer } from "node:buffer";
import type { DecodedEvent } from "@millrace/schemas";
import { MappingFailure, mappingFailed } from "../cel/mapping-failure.ts";
import type { MappedRequest, TargetFilter, TargetMapping } from "../config.ts";
import { headerNameProblem, isHeaderValue } from "./header-rules.ts";
import { isMethod, METHODS, type Method } from "./methods.ts";

/** An event as a module sees it; `data` has the decoded values as they are (see `DecodedEvent`). */
export type TargetEvent<Data = unknown> = Omit<DecodedEvent, "data"> & { readonly data: Data };

/** The call that a module makes of an event. */
export interface ModuleRequest {
  /** Default: the target's `request.method`. */
  readonly method?: string;
  /** Absolute, percent-encoded, and inside the target's `request.url`. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON (bigint beyond 2^53 as a string, bytes as base64); a string as it is; absent or null for none. */
  readonly body?: unknown;
}

/** A mapping in code: trusted, synchronous and pure, since the same event must give the same bytes. */
export interface TargetModule<Data = unknown> {
  /** Which events the target gets. Default: all. Not together with `filter` in the file. */
  filter?(event: TargetEvent<Data>): boolean;
  /** Throwing dead-letters the event as `MAPPING_FAILED`. */
  map(event: TargetEvent<Data>): ModuleRequest;
}

/** Types a target module: `export default defineTarget<ProfileUpdated>({ map: (event) => ... })`. */
export function defineTarget<Data = unknown>(module: TargetModule<Data>): TargetModule<Data> {
  return module;
}

/** The target module that a file exports as its default; null when it exports none. */
export function targetModuleOf(exports: unknown): TargetModule | null {
  if (typeof exports !== "object" || exports === null || !("default" in exports)) return null;
  const module: unknown = exports.default;
  return isTargetModule(module) ? module : null;
}

function isTargetModule(module: unknown): module is TargetModule {
  if (typeof module !== "object" || module === null || !("map" in module)) return false;
  const isFilterFit = !("filter" in module) || typeof module.filter === "function";
  return typeof module.map === "function" && isFilterFit;
}

/** What a module's calls are held to. */
export interface ModuleRules {
  readonly target: string;
  /** Used where the module names none. */
  readonly method: Method;
  readonly urlPrefix: string;
  /** Headers that others set, by lower-case name, and who. */
  readonly setElsewhere: ReadonlyMap<string, string>;
}

/** A module as a mapping; what it returns is checked like any other. */
export function moduleMapping(module: TargetModule, rules: ModuleRules): TargetMapping {
  return {
    map: (event) => {
      try {
        return checkedRequest(synchronous(module.map(plain(event))), rules);
      } catch (error) {
        throw mappingFailed(error, { target: rules.target, path: "module" });
      }
    },
  };
}

/** A module's filter as a target's. */
export function moduleFilter(
  { filter }: Required<Pick<TargetModule, "filter">>,
  target: string,
): TargetFilter {
  return {
    needs: "data",
    matchesHeaders: () => true,
    matches: (event) => {
      try {
        const isMatch: unknown = synchronous(filter(plain(event)));
        if (typeof isMatch === "boolean") return isMatch;
        throw new MappingFailure("the filter gave neither true nor false");
      } catch (error) {
        throw mappingFailed(error, { target, path: "module" });
      }
    },
  };
}

/** An event whose every field is its own: a module may copy it, or send it as it is. */
function plain(event: DecodedEvent): TargetEvent {
  const { headers, data, schema, ...envelope } = event;
  return { ...envelope, headers, data, schema };
}

/** What a module gave, unless it is a promise. That one's failure is nobody's to handle and must not end the process. */
function synchronous<Value>(value: Value): Value {
  if (!(value instanceof Promise)) return value;
  value.catch(() => undefined);
  throw new MappingFailure("the module gave a promise: it must be synchronous");
}

function checkedRequest(request: ModuleRequest, rules: ModuleRules): MappedRequest {
  const method = request.method ?? rules.method;
  if (!isMethod(method)) throw new MappingFailure(`the method is none of ${METHODS.join(", ")}`);
  const body = bodyText(request.body);
  if (method === "GET" && body !== null) throw new MappingFailure("a GET has no body");
  const headers = checkedHeaders(request.headers ?? {}, rules);
  const contentType = body === null ? null : (headers["content-type"] ?? "application/json");
  if (contentType !== null) headers["content-type"] = contentType;
  return { method, url: checkedUrl(request.url, rules.urlPrefix), headers, body, contentType };
}

function checkedUrl(url: unknown, prefix: string): string {
  if (typeof url !== "string") throw new MappingFailure("the module gave no URL");
  // A URL parser would resolve dots and backslashes; what is left unchanged has none.
  if (URL.parse(url)?.href === url && url.startsWith(prefix) && !url.includes("#")) return url;
  throw new MappingFailure("the URL is not in normal form, or outside request.url");
}

function checkedHeaders(
  headers: Readonly<Record<string, string>>,
  { setElsewhere }: ModuleRules,
): Record<string, string> {
  const checked: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const problem = headerNameProblem(name);
    if (problem !== null) throw new MappingFailure(`header ${name} ${problem}`);
    const owner = setElsewhere.get(name.toLowerCase());
    if (owner !== undefined) throw new MappingFailure(`header ${name} is set by ${owner}`);
    if (typeof value !== "string" || !isHeaderValue(value)) {
      throw new MappingFailure(`header ${name} has no valid value`);
    }
    checked[name.toLowerCase()] = value;
  }
  return checked;
}

function bodyText(body: unknown): string | null {
  if (body === undefined || body === null) return null;
  if (typeof body === "string") return body;
  const text: unknown = JSON.stringify(body, jsonValue);
  if (typeof text === "string") return text;
  throw new MappingFailure("the body has no JSON form");
}

/** JSON's replacer; `this[key]` is the value before any `toJSON`. */
function jsonValue(
  this: Readonly<Record<string, unknown>>,
  key: string,
  converted: unknown,
): unknown {
  const value = this[key];
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (value instanceof Map) return Object.fromEntries(value) as unknown;
  const isNumberless = typeof value === "number" && !Number.isFinite(value);
  if (isNumberless || (value instanceof Date && converted === null)) {
    throw new MappingFailure("NaN, Infinity and invalid dates have no JSON form");
  }
  return converted;
}
