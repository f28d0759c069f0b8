/** Why events of a target wait: a closed list, so that whoever reads it may decide by it. */

/** Kinds of causes, the worst first: what stops all comes before what stops some, and what loses before what waits. */
export const CAUSE_KINDS = [
  "records-gone",
  "offsets-gone",
  "rewinding",
  "paused",
  "paused-by-guard",
  "no-process",
  "misconfigured",
  "breaker-open",
  "throttled",
  "partitions-unowned",
  "not-started",
  "partition-blocked",
  "key-quarantined",
  "key-failing",
  "rate-limited",
  "slowed-down",
  "key-deferred",
  "rebalancing",
  "process-unreachable",
] as const;

/** One of the kinds. */
export type CauseKind = (typeof CAUSE_KINDS)[number];

/** One cause. The text for people is made from it alone. */
export interface Cause {
  readonly kind: CauseKind;
  readonly target: string;
  /** Keys that it holds, at most {@link KEYS_MAX}; empty where it is not about keys. */
  readonly keys: readonly string[];
  readonly keyCount: number;
  /** RFC 3339; null where nobody knows. */
  readonly since: string | null;
  /** Places in the source that show it, `<topic>:<partition>:<offset>`, at most {@link EVIDENCE_MAX}. */
  readonly evidence: readonly string[];
  /** What is said of it besides, in words or numbers of its kind. */
  readonly details: Readonly<Record<string, number | string | null>>;
  /** What to do: a command, or what to look at. */
  readonly next: string;
}

/** Keys that a cause names. */
export const KEYS_MAX = 20;
/** Places that a cause names. */
export const EVIDENCE_MAX = 20;

/** What is not about keys, and shows nowhere in the source. */
export const NOWHERE = { keys: [], keyCount: 0, evidence: [] } as const;
