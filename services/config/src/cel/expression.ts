import {
  ParseError,
  TypeError as CelTypeError,
  type ASTNode,
  type ParseResult,
} from "@marcbachmann/cel-js";
import type { BoundEvent } from "./bound-event.ts";
import { compileDirect } from "./direct-access.ts";
import { markAsAnything } from "./environment.ts";
import type { BoundInput, EventModel } from "./event-model.ts";
import { guard } from "./guards.ts";
import { forbidden, unknownFields, type ExpressionProblem, type UnknownField } from "./rules.ts";
import { everyNode } from "./syntax.ts";
import { prune } from "./type-decision.ts";

/** What an expression's result becomes; it must have a form there. */
export type Purpose = "condition" | "json" | "text";

/** What an expression is compiled for. */
export interface ExpressionContext {
  /** The event types it can meet. */
  readonly models: readonly EventModel[];
  /** For events of any other type. */
  readonly any: EventModel;
  readonly purpose: Purpose;
}

type Program = (event: BoundEvent) => unknown;

/** A checked expression: compiled once per event type it can meet. */
export class Expression {
  private readonly programs: Map<EventModel, Program>;
  private readonly compileFor: (model: EventModel) => Program;

  constructor(programs: Map<EventModel, Program>, compileFor: (model: EventModel) => Program) {
    this.programs = programs;
    this.compileFor = compileFor;
  }

  /** Its value. Throws what CEL throws; callers turn it into `MAPPING_FAILED`. */
  evaluate({ model, event }: BoundInput): unknown {
    let program = this.programs.get(model);
    if (program === undefined) {
      program = this.compileFor(model);
      this.programs.set(model, program);
    }
    return program(event);
  }
}

/** A compiled expression, or everything that is wrong with it. */
export type CompiledExpression =
  | { readonly kind: "expression"; readonly expression: Expression }
  | { readonly kind: "problems"; readonly problems: readonly ExpressionProblem[] };

/** Parses and checks an expression against every event type it can meet. */
export function compileExpression(source: string, context: ExpressionContext): CompiledExpression {
  const syntax = parse(source, context.any);
  if (syntax.kind === "problem") return { kind: "problems", problems: [syntax.problem] };
  const problems: ExpressionProblem[] = [...forbidden(syntax.ast)];
  const softMisses: (readonly UnknownField[])[] = [];
  const programs = new Map<EventModel, Program>();
  const models = context.models.length > 0 ? context.models : [context.any];
  if (problems.length === 0) {
    for (const model of models) {
      const compiled = compileFor(model, source, context.purpose);
      problems.push(...compiled.problems);
      softMisses.push(compiled.softMisses);
      if (compiled.program !== null) programs.set(model, compiled.program);
    }
    problems.push(...missedEverywhere(softMisses));
  }
  if (problems.length > 0) return { kind: "problems", problems };
  const lazily = (model: EventModel): Program =>
    compileFor(model, source, context.purpose).program ?? evaluator(source, model);
  return { kind: "expression", expression: new Expression(programs, lazily) };
}

interface ModelCompilation {
  readonly program: Program | null;
  readonly problems: readonly ExpressionProblem[];
  readonly softMisses: readonly UnknownField[];
}

function compileFor(model: EventModel, source: string, purpose: Purpose): ModelCompilation {
  const parsed = parseGuarded(source, model);
  const { ast } = parsed;
  if (model.type !== null) prune(ast, model.type);
  const unknown = unknownFields(ast, model.data);
  const softMisses = unknown.filter(({ kind }) => kind === "soft");
  const misses = unknown.filter(({ kind }) => kind === "hard");
  if (misses.length > 0) {
    const problems = misses.map((miss) => withContext(miss));
    return { program: null, problems, softMisses };
  }
  // JSON's null may stand anywhere: `x == null`, `c ? x : null`, `.orValue(null)`.
  for (const node of everyNode(ast)) {
    if (node.op === "value" && node.args === null) markAsAnything(node);
  }
  const { valid, type, error } = parsed.check();
  const problem = valid ? unfit(type ?? "dyn", purpose) : checkProblem(error, ast, model);
  if (problem !== null) return { program: null, problems: [problem], softMisses };
  const direct = compileDirect(ast, model, purpose);
  const program: Program = direct ?? ((event) => parsed({ event: event.fields }) as unknown);
  return { program, problems: [], softMisses };
}

/** An event that was not foreseen (another schema, no data) is left to CEL's own errors. */
function evaluator(source: string, model: EventModel): Program {
  const parsed = parseGuarded(source, model);
  return (event) => parsed({ event: event.fields }) as unknown;
}

function parseGuarded(source: string, { environment }: EventModel): ParseResult {
  const parsed = environment.parse(source);
  guard(parsed.ast, (part) => environment.parse(part).ast);
  return parsed;
}

type Syntax =
  | { readonly kind: "syntax"; readonly ast: ASTNode }
  | { readonly kind: "problem"; readonly problem: ExpressionProblem };

function parse(source: string, { environment }: EventModel): Syntax {
  try {
    return { kind: "syntax", ast: environment.parse(source).ast };
  } catch (error) {
    const message = error instanceof ParseError ? error.summary : "it cannot be parsed";
    const at = error instanceof ParseError ? error.range : undefined;
    const where = at === undefined ? "" : ` at character ${at.start + 1}`;
    return { kind: "problem", problem: { message: `broken expression: ${message}${where}` } };
  }
}

function checkProblem(
  error: unknown,
  root: ASTNode,
  { type, data }: EventModel,
): ExpressionProblem {
  if (!(error instanceof CelTypeError)) return { message: "the expression cannot be checked" };
  const part = error.range && root.input.slice(error.range.start, error.range.end);
  const where = part === undefined || part === root.input ? "" : ` in ${part}`;
  const forType = type === null ? "" : ` (with ${type})`;
  const summary = error.summary.replace(/\b_(timestamp|duration|key)\(/, "$1(");
  const message = `${summary}${where}${forType}`;
  const hint = data === null ? undefined : HINTS[error.code];
  return { message, ...(hint === undefined ? {} : { hint }) };
}

const HINTS: Readonly<Record<string, string>> = {
  no_such_overload: "CEL converts nothing by itself: write double(x), int(x) or string(x)",
  no_matching_overload: "CEL converts nothing by itself: write double(x), int(x) or string(x)",
};

function withContext(miss: UnknownField): ExpressionProblem {
  const advice = "narrow the filter to the types that have it, or write .?field.orValue(null)";
  const isNear = miss.hint?.startsWith("did you mean") === true;
  return {
    message: miss.message,
    hint: isNear || miss.hint === undefined ? (miss.hint ?? advice) : `${miss.hint}; or ${advice}`,
  };
}

/** An optional field that no event type has is a misspelling. */
function missedEverywhere(
  misses: readonly (readonly UnknownField[])[],
): readonly ExpressionProblem[] {
  const [first = [], ...others] = misses;
  return first.filter((miss) =>
    others.every((other) => other.some(({ field }) => field === miss.field)),
  );
}

function unfit(type: string, purpose: Purpose): ExpressionProblem | null {
  if (purpose === "condition") {
    if (type === "bool" || type === "dyn") return null;
    return { message: `a filter gives true or false, this gives ${type}` };
  }
  if (type.startsWith("optional")) {
    return { message: "an optional has no value by itself", hint: "end it with .orValue(null)" };
  }
  if (type === "type" || type === "millrace.Event") return { message: `${type} has no JSON form` };
  if (purpose === "text" && /^(list|map)\b/.test(type)) {
    return { message: `a ${type} has no form in a URL or header` };
  }
  return null;
}
