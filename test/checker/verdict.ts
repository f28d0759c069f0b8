/** What the checker finds. */
import type { Coordinates } from "./history.ts";

/** Every invariant there is; H is that the history itself is whole. */
export const INVARIANT_IDS = [
  "H",
  "S1",
  "S2",
  "S3",
  "S4",
  "S5",
  "S6",
  "S7",
  "S8",
  "S9",
  "S10",
  "S11",
  "S12",
  "S13",
  "S14",
  "S15",
  "S16",
  "S17",
  "S18",
  "S19",
  "S20",
  "S21",
  "S22",
  "S23",
  "S24",
  "L1",
  "L2",
  "L3",
  "L4",
  "L5",
] as const;

/** Its number in the list of promises. */
export type InvariantId = (typeof INVARIANT_IDS)[number];

/** What is said of one invariant. */
export type Ruling =
  | { readonly status: "held"; readonly judgedCount: number }
  | {
      readonly status: "broken";
      readonly judgedCount: number;
      readonly violationCount: number;
      /** The first ones, at most 20. */
      readonly violations: readonly Violation[];
    }
  | { readonly status: "not-judged"; readonly why: string };

/** One breach. */
export interface Violation {
  readonly message: string;
  /** Null where it is of no one record. */
  readonly where: Place | null;
  /** The lines of the history about it: emit, log, attempts, arrivals, commits. */
  readonly lines: readonly string[];
}

/** Where a breach is. */
export interface Place extends Coordinates {
  /** Null for the log itself. */
  readonly target: string | null;
}

/** All of it. `inconclusive`: nothing is broken, but the history does not hold what it ought to. */
export interface Verdict {
  readonly result: "clean" | "broken" | "inconclusive";
  readonly rulings: Readonly<Record<InvariantId, Ruling>>;
  readonly lineCount: number;
}

/** Makes something for each invariant. */
export function byInvariant<T>(make: (id: InvariantId) => T): Readonly<Record<InvariantId, T>> {
  return {
    H: make("H"),
    S1: make("S1"),
    S2: make("S2"),
    S3: make("S3"),
    S4: make("S4"),
    S5: make("S5"),
    S6: make("S6"),
    S7: make("S7"),
    S8: make("S8"),
    S9: make("S9"),
    S10: make("S10"),
    S11: make("S11"),
    S12: make("S12"),
    S13: make("S13"),
    S14: make("S14"),
    S15: make("S15"),
    S16: make("S16"),
    S17: make("S17"),
    S18: make("S18"),
    S19: make("S19"),
    S20: make("S20"),
    S21: make("S21"),
    S22: make("S22"),
    S23: make("S23"),
    S24: make("S24"),
    L1: make("L1"),
    L2: make("L2"),
    L3: make("L3"),
    L4: make("L4"),
    L5: make("L5"),
  };
}
