import type { TargetMapping } from "../config.ts";
import { jsonText, plainText } from "../cel/json-text.ts";
import type { BoundInput } from "../cel/event-model.ts";
import { MappingFailure, mappingFailed } from "../cel/mapping-failure.ts";
import type { TargetOptions } from "../options/target-options.ts";
import type { Path, SourceEntry, SourceNode } from "../source/source-node.ts";
import { compileBody, type BodyWriter } from "./body-template.ts";
import { headerNameProblem, isHeaderValue, isJsonType } from "./header-rules.ts";
import { DEFAULT_METHOD, hasDefaultBody, type Method } from "./methods.ts";
import { textOrExpression, type TargetScope } from "./target-scope.ts";
import { parseUrlTemplate, type UrlTemplate } from "./url-template.ts";

/** Text for an event; undefined where it is left out. */
type TextWriter = (input: BoundInput) => string | undefined;

/** A mapping, with where all its URLs begin. */
export interface RequestMapping {
  readonly urlPrefix: string;
  readonly mapping: TargetMapping;
}

/**
 * Compiles the `request` of a target; null, with the problems reported, when it does not hold.
 * @param setElsewhere Headers that others set, by lower-case name, and who.
 */
export function compileRequest(
  request: TargetOptions["request"],
  setElsewhere: ReadonlyMap<string, string>,
  scope: TargetScope,
): RequestMapping | null {
  const method = request.method ?? DEFAULT_METHOD;
  const template = compileUrl(request.url, scope);
  const params = compileParams(template, scope);
  const headers = compileHeaders(setElsewhere, scope);
  const body = compileRequestBody(method, scope);
  if (template === null) return null;
  const contentType = body === null ? null : headers.contentType;
  const urlOf = urlWriter(template, params, scope.name);
  const map: TargetMapping["map"] = (event) => {
    const input = scope.models.bind(event);
    const text = body?.(input) ?? null;
    const type = text === null ? null : contentType;
    return {
      method,
      url: urlOf(input),
      headers: headers.write(input, type),
      body: text,
      contentType: type,
    };
  };
  return { urlPrefix: template.prefix, mapping: { map } };
}

const URL_PATH: Path = ["request", "url"];
const PARAMS_PATH: Path = ["request", "params"];
const HEADERS_PATH: Path = ["request", "headers"];
const BODY_PATH: Path = ["request", "body"];

function compileUrl(url: string, scope: TargetScope): UrlTemplate | null {
  const parsed = parseUrlTemplate(url);
  if ("template" in parsed) return parsed.template;
  scope.problem(URL_PATH, parsed.problem);
  return null;
}

function urlWriter(
  template: UrlTemplate,
  params: ReadonlyMap<string, TextWriter>,
  target: string,
): (input: BoundInput) => string {
  return (input) => {
    try {
      return template.fill(params.size === 0 ? NO_VALUES : valuesOf(params, input));
    } catch (error) {
      throw mappingFailed(error, { target, path: "request.url" });
    }
  };
}

const NO_VALUES: ReadonlyMap<string, string> = new Map();

function valuesOf(
  params: ReadonlyMap<string, TextWriter>,
  input: BoundInput,
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [name, write] of params) values.set(name, write(input) ?? "");
  return values;
}

function compileParams(
  template: UrlTemplate | null,
  scope: TargetScope,
): ReadonlyMap<string, TextWriter> {
  const entries = entriesOf(scope.node(PARAMS_PATH));
  const params = new Map<string, TextWriter>();
  for (const { key, value } of entries) {
    const path = [...PARAMS_PATH, key];
    if (template?.names.includes(key) === false) {
      scope.problem(path, `the URL has no placeholder {${key}}`);
    }
    params.set(key, compileText(value, { path, check: identity }, scope));
  }
  for (const name of template?.names ?? []) {
    if (!params.has(name))
      scope.problem(URL_PATH, `params has nothing for the placeholder {${name}}`);
  }
  return params;
}

interface CompiledHeaders {
  /** The body's, unless the mapping sets its own. */
  readonly contentType: string;
  write(input: BoundInput, contentType: string | null): Readonly<Record<string, string>>;
}

function compileHeaders(
  setElsewhere: ReadonlyMap<string, string>,
  scope: TargetScope,
): CompiledHeaders {
  const writers = new Map<string, TextWriter>();
  let contentType = "application/json";
  for (const { key, value } of entriesOf(scope.node(HEADERS_PATH))) {
    const path = [...HEADERS_PATH, key];
    const name = key.toLowerCase();
    const problem = headerNameProblem(key);
    const owner = setElsewhere.get(name);
    if (problem !== null) scope.problem(path, problem);
    else if (owner !== undefined) scope.problem(path, `is a header that ${owner} sets`);
    if (writers.has(name)) scope.problem(path, "stands twice: header names ignore case");
    if (name === "content-type") contentType = compileContentType(value, path, scope);
    else writers.set(name, compileHeader(value, path, scope));
  }
  return {
    contentType,
    write: (input, type) => {
      const headers: Record<string, string> = {};
      if (type !== null) headers["content-type"] = type;
      for (const [name, write] of writers) {
        const text = write(input);
        if (text !== undefined) headers[name] = text;
      }
      return headers;
    },
  };
}

function compileHeader(node: SourceNode, path: Path, scope: TargetScope): TextWriter {
  const check = (text: string): string => {
    if (isHeaderValue(text)) return text;
    throw new MappingFailure("a header value has only visible ASCII characters, spaces and tabs");
  };
  return compileText(node, { path, check }, scope);
}

function compileContentType(node: SourceNode, path: Path, scope: TargetScope): string {
  const content = node.kind === "scalar" ? textOrExpression(node) : null;
  const value = content?.kind === "literal" ? String(content.value) : "";
  if (isJsonType(value) && isHeaderValue(value)) return value;
  scope.problem(path, "bodies are JSON: it must be application/json or application/...+json");
  return value;
}

/** The body as written; without one the event's data, where the method has a body. Null for none. */
function compileRequestBody(method: Method, scope: TargetScope): BodyWriter | null {
  const node = scope.node(BODY_PATH);
  if (node === undefined) {
    if (!hasDefaultBody(method)) return null;
    const source = { path: BODY_PATH, source: "event.data", purpose: "json" } as const;
    return scope.expression(source, jsonText);
  }
  if (node.kind === "scalar" && node.value === null) return null;
  if (method === "GET") scope.problem(BODY_PATH, "a GET has no body");
  return compileBody(node, BODY_PATH, scope);
}

/** A param or header: constant text, checked now, or what writes it. */
function compileText(
  node: SourceNode,
  place: { readonly path: Path; readonly check: (text: string) => string },
  scope: TargetScope,
): TextWriter {
  const { path, check } = place;
  const content = node.kind === "scalar" ? textOrExpression(node) : null;
  if (content?.kind === "expression") {
    const text = { path, source: content.source, purpose: "text" } as const;
    const write = scope.expression(text, (value) => {
      const written = plainText(value);
      return written === undefined ? undefined : check(written);
    });
    return write ?? constant("");
  }
  const text = String(content?.value ?? "");
  try {
    return constant(check(text));
  } catch (error) {
    scope.problem(path, error instanceof MappingFailure ? error.message : "does not hold");
    return constant("");
  }
}

const constant =
  (text: string): TextWriter =>
  () =>
    text;

const identity = (text: string): string => text;

function entriesOf(node: SourceNode | undefined): readonly SourceEntry[] {
  return node?.kind === "map" ? node.entries : [];
}
