import type { FieldProblem } from "../schema-error.ts";
import { RECORD_LIMITS } from "./pre-scan.ts";

/** How many problems of one value are listed; the rest would be noise. */
export const PROBLEMS_MAX = 100;

/** Coerces one value; reports to the visit and returns undefined where it cannot. */
export type Step = (data: unknown, pointer: string, visit: Visit) => unknown;

/** The work that one piece of data may cause, over all attempts at the branches of its unions. */
interface Budget {
  left: number;
}

/** One walk over data: what is wrong with it, how deep it stands, and how much more it may look at. */
export class Visit {
  readonly problems: FieldProblem[] = [];
  private readonly budget: Budget;
  private depth: number;

  constructor(budget: Budget = { left: RECORD_LIMITS.valuesMax }, depth = 0) {
    this.budget = budget;
    this.depth = depth;
  }

  /** A walk over the same data that may fail without a trace. */
  trial(): Visit {
    return new Visit(this.budget, this.depth);
  }

  /** Returns what a refused value coerces to: undefined. */
  refuse(pointer: string, detail: string): unknown {
    if (this.problems.length < PROBLEMS_MAX) this.problems.push({ pointer, detail });
    return undefined;
  }

  /** Adds what a trial found. */
  refuseAll(problems: readonly FieldProblem[]): unknown {
    for (const { pointer, detail } of problems) this.refuse(pointer, detail);
    return undefined;
  }

  /**
   * Runs a step that is one level deeper and looks at `count` values. What nests deeper than readers go is refused, which
   * also ends cycles; so is what holds more values than they take. Unions of records that hold unions again could
   * otherwise be tried in 2^depth ways.
   */
  deeper(at: { readonly pointer: string; readonly count: number }, step: () => unknown): unknown {
    if (this.depth >= RECORD_LIMITS.depthMax)
      return this.refuse(at.pointer, "is nested too deeply");
    this.budget.left -= at.count + 1;
    if (this.budget.left < 0) return this.refuse(at.pointer, "holds too many values");
    this.depth += 1;
    const value = step();
    this.depth -= 1;
    return value;
  }
}
