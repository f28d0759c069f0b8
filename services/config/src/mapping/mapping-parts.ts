import type { Catalog } from "@millrace/schemas";
import type { MappingSource, TargetConfig, TargetFilter } from "../config.ts";
import type { TargetOptions } from "../options/target-options.ts";
import { shownOf } from "../source/source-node.ts";
import { compileFilter, EVERYTHING } from "./filter.ts";
import { mappingRevision } from "./mapping-revision.ts";
import { DEFAULT_METHOD } from "./methods.ts";
import { compileRequest } from "./request-mapping.ts";
import { moduleFilter, moduleMapping, type TargetModule } from "./target-module.ts";
import type { TargetScope } from "./target-scope.ts";
import { parseUrlTemplate } from "./url-template.ts";

/** A module as it was loaded. */
export interface ModuleFile {
  readonly module: TargetModule;
  /** As written, and the SHA-256 of its text, hex. */
  readonly path: string;
  readonly sha256: string;
}

/** What the parts are made of. */
export interface MappingInput {
  readonly options: TargetOptions;
  readonly catalog: Catalog | null;
  readonly module: ModuleFile | null;
  /** Headers that others set, by lower-case name, and who. */
  readonly setElsewhere: ReadonlyMap<string, string>;
}

/** What a target's requests are decided by. */
export type MappingParts = Pick<
  TargetConfig,
  "filter" | "mapping" | "urlPrefix" | "mappingRevision" | "source"
>;

/** Compiles filter and mapping; null, with the problems reported, when they do not hold. */
export function mappingParts(input: MappingInput, scope: TargetScope): MappingParts | null {
  const types = typesOn(input.options.topics, input.catalog);
  const compiled = filterOf(input, types, scope);
  const met = compiled.types ?? types;
  const request =
    input.options.module === undefined
      ? requestOf(input, scope.meeting(met.map((type) => scope.models.of(type))))
      : moduleRequest(input, scope);
  if (request === null) return null;
  const readers = new Map(met.map((type) => [type, input.catalog?.types.get(type)?.avro]));
  return {
    ...request,
    filter: compiled.filter,
    source: sourceOf(input, scope),
    mappingRevision: mappingRevision({
      filter: input.options.filter ?? null,
      sha256: input.module?.sha256 ?? null,
      method: input.options.request.method ?? DEFAULT_METHOD,
      request: scope.node(["request"]),
      readers,
    }),
  };
}

function typesOn(topics: readonly string[], catalog: Catalog | null): readonly string[] {
  const types = catalog === null ? [] : [...catalog.types.values()];
  return types.filter(({ topic }) => topics.includes(topic.name)).map(({ type }) => type);
}

function filterOf(
  { options, module, catalog }: MappingInput,
  types: readonly string[],
  scope: TargetScope,
): { readonly filter: TargetFilter; readonly types: readonly string[] | null } {
  const ofModule = module?.module.filter?.bind(module.module);
  if (options.filter !== undefined) {
    if (ofModule !== undefined) scope.problem(["filter"], "the module has a filter as well");
    const isKnown = options.topics.every((topic) => catalog?.topics.has(topic) === true);
    const hasForeignTypes = !isKnown || options.input?.envelope === "derive";
    return compileFilter({ source: options.filter, types, hasForeignTypes }, scope);
  }
  const filter =
    ofModule === undefined ? EVERYTHING : moduleFilter({ filter: ofModule }, scope.name);
  return { filter, types };
}

type Request = Pick<MappingParts, "mapping" | "urlPrefix">;

function requestOf({ options, setElsewhere }: MappingInput, scope: TargetScope): Request | null {
  return compileRequest(options.request, setElsewhere, scope);
}

/** The request of a module; null when its file says more than it may, or it is not at hand. */
function moduleRequest(
  { options, module, setElsewhere }: MappingInput,
  scope: TargetScope,
): Request | null {
  const { request } = options;
  for (const field of ["params", "headers", "body"] as const) {
    if (scope.node(["request", field]) === undefined) continue;
    scope.problem(["request", field], "the module makes the request: leave this out");
  }
  const parsed = parseUrlTemplate(request.url);
  if ("problem" in parsed) {
    scope.problem(["request", "url"], parsed.problem);
    return null;
  }
  const { prefix, names } = parsed.template;
  if (names.length > 0) {
    scope.problem(
      ["request", "url"],
      "has no placeholders with a module: it is where its URLs begin",
    );
  }
  if (module === null) return null;
  const method = request.method ?? DEFAULT_METHOD;
  const rules = { target: scope.name, method, urlPrefix: prefix, setElsewhere };
  return { urlPrefix: prefix, mapping: moduleMapping(module.module, rules) };
}

function sourceOf({ options, module }: MappingInput, scope: TargetScope): MappingSource {
  const request = scope.node(["request"]);
  return {
    filter: options.filter ?? null,
    request: request === undefined ? {} : shownOf(request),
    module: module === null ? null : { path: module.path, sha256: module.sha256 },
  };
}
