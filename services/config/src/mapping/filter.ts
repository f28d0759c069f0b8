import type { ASTNode } from "@marcbachmann/cel-js";
import type { DecodedEvent, Envelope } from "@millrace/schemas";
import type { EventModels } from "../cel/event-model.ts";
import { MappingFailure } from "../cel/mapping-failure.ts";
import { needsOf } from "../cel/rules.ts";
import { comparedTypes, decide } from "../cel/type-decision.ts";
import type { TargetFilter } from "../config.ts";
import { suggest } from "../suggestion.ts";
import type { TargetScope } from "./target-scope.ts";

/** A filter, with the event types of the target's topics that it can let through. */
export interface CompiledFilter {
  readonly filter: TargetFilter;
  /** Null where the filter does not hold and nothing is known. */
  readonly types: readonly string[] | null;
}

/** The filter that lets everything through. */
export const EVERYTHING: TargetFilter = {
  needs: "nothing",
  matchesHeaders: () => true,
  matches: () => true,
};

/** What a filter is compiled for. */
export interface FilterInput {
  readonly source: string;
  /** The event types of the target's topics. */
  readonly types: readonly string[];
  /** Whether there can be events of other types on them. */
  readonly hasForeignTypes: boolean;
}

/** Compiles a filter. Problems are reported, and everything is let through. */
export function compileFilter(input: FilterInput, scope: TargetScope): CompiledFilter {
  const { models } = scope;
  const ast = syntaxOf(input.source, models);
  const types = ast === null ? [] : input.types.filter((type) => decide(ast, type) !== false);
  const compiled = scope
    .meeting(types.map((type) => models.of(type)))
    .expression({ path: ["filter"], source: input.source, purpose: "condition" }, truthOf);
  if (ast === null || compiled === null) return { filter: EVERYTHING, types: null };
  reportUnknownTypes(ast, input, scope);
  const decided = new Map(input.types.map((type) => [type, decide(ast, type)]));
  const needs = needsOf(ast);
  const byType = (type: string): boolean | undefined =>
    decided.has(type) ? decided.get(type) : decide(ast, type);
  const filter: TargetFilter = {
    needs,
    matchesHeaders: (envelope: Envelope) =>
      byType(envelope.type) ??
      (needs === "headers" ? compiled(models.bindEnvelope(envelope)) : true),
    matches: (event: DecodedEvent) => byType(event.type) ?? compiled(models.bind(event)),
  };
  return { filter, types };
}

function syntaxOf(source: string, models: EventModels): ASTNode | null {
  try {
    return models.any.environment.parse(source).ast;
  } catch {
    // The compilation of the expression reports it.
    return null;
  }
}

function reportUnknownTypes(ast: ASTNode, input: FilterInput, scope: TargetScope): void {
  if (input.hasForeignTypes) return;
  for (const type of comparedTypes(ast)) {
    if (input.types.includes(type)) continue;
    scope.problem(
      ["filter"],
      `no topic of this target has the event type ${type}`,
      suggest(type, input.types),
    );
  }
}

function truthOf(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new MappingFailure("the filter gave neither true nor false");
}
