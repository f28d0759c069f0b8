import type { EventModel, EventModels, BoundInput } from "../cel/event-model.ts";
import { compileExpression, type Expression, type Purpose } from "../cel/expression.ts";
import { mappingFailed } from "../cel/mapping-failure.ts";
import { isRefused } from "../options/read-options.ts";
import type { ProblemList } from "../problems.ts";
import { hasReference } from "../source/interpolation.ts";
import {
  isExpressionText,
  nodeAt,
  pathText,
  positionAt,
  type Path,
  type ScalarNode,
  type SourceNode,
} from "../source/source-node.ts";

const REFERENCE_HINT = "references stand in plain texts only: headers, params, fields of the body";

/** Where a target stands, what events it can meet, and where its problems go. */
export interface ScopeParts {
  readonly models: EventModels;
  readonly met: readonly EventModel[];
  readonly root: SourceNode;
  readonly problems: ProblemList;
  /** Paths of the target that have been reported; nothing more is said of them. */
  readonly refused: readonly Path[];
}

/** What the parts of one target are compiled with: its place in the file, the event types, and where problems go. */
export class TargetScope {
  readonly name: string;
  readonly models: EventModels;
  /** The event types that expressions can meet; empty where nothing is known of them. */
  readonly met: readonly EventModel[];
  private readonly of: ScopeParts;

  constructor(name: string, of: ScopeParts) {
    this.name = name;
    this.models = of.models;
    this.met = of.met;
    this.of = of;
  }

  /** The same target, met by other event types. */
  meeting(met: readonly EventModel[]): TargetScope {
    return new TargetScope(this.name, { ...this.of, met });
  }

  /** A node of the target; `path` is relative to it. */
  node(path: Path): SourceNode | undefined {
    return nodeAt(this.of.root, this.full(path));
  }

  /** Reports a problem at a path of the target. */
  problem(path: Path, message: string, hint?: string): void {
    const { root, problems, refused } = this.of;
    if (isRefused(path, refused)) return;
    const full = this.full(path);
    problems.add({
      ...positionAt(root, full),
      path: pathText(full),
      message,
      ...(hint === undefined ? {} : { hint }),
    });
  }

  /**
   * Compiles an expression into a function of an event, and what becomes of its value. Null, with the problems reported,
   * when it does not hold. The function throws `MAPPING_FAILED`.
   */
  expression<Value>(
    place: { readonly path: Path; readonly source: string; readonly purpose: Purpose },
    convert: (value: unknown) => Value,
  ): ((input: BoundInput) => Value) | null {
    const { path, source, purpose } = place;
    const { met, models } = this;
    const node = this.node(path);
    if (node?.kind === "scalar" && node.written !== null && hasReference(node.written)) {
      this.problem(path, "a reference in an expression would become code", REFERENCE_HINT);
      return null;
    }
    const compiled = compileExpression(source, { models: met, any: models.any, purpose });
    if (compiled.kind === "problems") {
      for (const { message, hint } of compiled.problems) this.problem(path, message, hint);
      return null;
    }
    return this.guarded(compiled.expression, path, convert);
  }

  private guarded<Value>(
    expression: Expression,
    path: Path,
    convert: (value: unknown) => Value,
  ): (input: BoundInput) => Value {
    const place = { target: this.name, path: pathText(path) };
    return (input) => {
      try {
        return convert(expression.evaluate(input));
      } catch (error) {
        throw mappingFailed(error, place);
      }
    };
  }

  private full(path: Path): Path {
    return ["targets", this.name, ...path];
  }
}

/** A string of the file: `= x` is an expression, `== x` the text `= x`, and what a reference filled in is text. */
export function textOrExpression(
  node: ScalarNode,
):
  | { readonly kind: "literal"; readonly value: ScalarNode["value"] }
  | { readonly kind: "expression"; readonly source: string } {
  const { value, written } = node;
  if (typeof value !== "string" || written?.startsWith("=") !== true) {
    return { kind: "literal", value };
  }
  if (!isExpressionText(written)) return { kind: "literal", value: value.slice(1) };
  return { kind: "expression", source: value.slice(1).trim() };
}
