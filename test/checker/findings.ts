import type { Party } from "./history.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { Delivery } from "./ledger/rows.ts";

/** How many breaches of one invariant are kept. */
export const VIOLATIONS_MAX = 20;

/** One invariant, as code. */
export interface Invariant {
  /** In one sentence. */
  readonly title: string;
  /** Who must have written; each entry is met by any of its parties. */
  readonly needs: readonly (readonly Party[])[];
  /** Counts what it judges and tells what is wrong. */
  readonly judge: (ledger: Ledger, findings: Findings) => void;
}

/** A breach without its lines. */
export interface Breach {
  readonly message: string;
  readonly delivery: Delivery | null;
  /** The other one that it takes to see what is wrong. */
  readonly beside: Delivery | null;
}

/** What an invariant finds. */
export class Findings {
  judgedCount = 0;
  breachCount = 0;
  /** Why it cannot be judged, where it cannot. */
  obstacle: string | null = null;
  readonly breaches: Breach[] = [];

  /** One thing was looked at. */
  judged(): void {
    this.judgedCount += 1;
  }

  /** One thing is wrong; only the first ones are kept, so `message` is made only for those. */
  breach(
    message: () => string,
    delivery: Delivery | null = null,
    beside: Delivery | null = null,
  ): void {
    this.breachCount += 1;
    if (this.breaches.length < VIOLATIONS_MAX) {
      this.breaches.push({ message: message(), delivery, beside });
    }
  }

  /** This history does not tell. */
  cannotJudge(why: string): void {
    this.obstacle ??= why;
  }
}

/** All channels of a history. */
export function channelsOf(ledger: Ledger): Ledger["targets"][number]["channels"] {
  return ledger.targets.length === 1
    ? (ledger.targets[0]?.channels ?? [])
    : ledger.targets.flatMap(({ channels }) => channels);
}
