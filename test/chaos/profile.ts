/** How much is run, and what goes wrong in it. */
import type { FaultName } from "./faults/fault-name.ts";

/** A run's size and its faults. */
export interface Profile {
  readonly name: ProfileName;
  /** 3: replication factor 3, at least 2 in sync. */
  readonly brokerCount: 1 | 3;
  /** Events a second, over all producers. */
  readonly rate: number;
  readonly keyCount: number;
  /** Share of the events that are of one key. */
  readonly hotShare: number;
  readonly partitionCount: number;
  /** The first one is the one that target faults befall. */
  readonly targets: readonly string[];
  readonly delivererCount: number;
  /** Under load before anything is measured, ms. */
  readonly warmMs: number;
  /** Clean run that the faults are compared with, ms. */
  readonly baselineMs: number;
  /** Between the recovery from one fault and the next one, ms. */
  readonly gapMs: number;
  /** How long faults of targets and the network last; null: each its own time, ms. */
  readonly holdMs: number | null;
  readonly comparison: Comparison;
  /** After which a call of a target is given up, ms. */
  readonly targetTimeoutMs: number;
  readonly faults: FaultChoice;
  /** Rounds of all of them. */
  readonly rounds: number;
  /** After healing, until the lag is 0, at most, ms. */
  readonly drainMsMax: number;
}

/** Which faults a run has. */
export type FaultChoice =
  | { readonly kind: "listed"; readonly names: readonly FaultName[] }
  /** Those of every run, and how many of the others, which differ from seed to seed. */
  | { readonly kind: "drawn"; readonly always: readonly FaultName[]; readonly drawnCount: number };

/**
 * What the latencies of the healthy are compared with, slice by slice.
 *
 * - `baseline`: the clean run before all faults, as far as the machine is idle and the fault lasts long enough.
 * - `neighbours`: the clean stretches before and after the fault, by the stricter limit for keys. A run that cannot
 *   compare, or cannot tell noise from harm, is inconclusive.
 */
export type Comparison = "baseline" | "neighbours";

/** Names of the profiles. */
export type ProfileName = "smoke" | "pr" | "isolation" | "nightly" | "soak";

const CORE_FAULTS = ["kill", "zombie", "rolling-restart", "broker-kill"] as const;

const SMOKE: Profile = {
  name: "smoke",
  brokerCount: 1,
  rate: 200,
  keyCount: 200,
  hotShare: 0.05,
  partitionCount: 6,
  targets: ["crm"],
  delivererCount: 2,
  warmMs: 3_000,
  baselineMs: 5_000,
  gapMs: 1_000,
  holdMs: null,
  comparison: "baseline",
  targetTimeoutMs: 2_000,
  faults: { kind: "drawn", always: ["kill", "server-errors", "rolling-restart"], drawnCount: 0 },
  rounds: 1,
  drainMsMax: 30_000,
};

const PR: Profile = {
  name: "pr",
  brokerCount: 1,
  rate: 500,
  keyCount: 2_000,
  hotShare: 0.02,
  partitionCount: 12,
  targets: ["crm", "audit"],
  delivererCount: 2,
  warmMs: 5_000,
  baselineMs: 30_000,
  gapMs: 2_000,
  holdMs: null,
  comparison: "baseline",
  targetTimeoutMs: 2_000,
  faults: { kind: "drawn", always: CORE_FAULTS, drawnCount: 4 },
  rounds: 1,
  drainMsMax: 60_000,
};

/** The profiles by name. */
export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  smoke: SMOKE,
  pr: PR,
  isolation: {
    ...PR,
    name: "isolation",
    rate: 200,
    keyCount: 10_000,
    hotShare: 0.01,
    warmMs: 10_000,
    baselineMs: 90_000,
    gapMs: 75_000,
    holdMs: 120_000,
    comparison: "neighbours",
    targetTimeoutMs: 10_000,
    // What is in quarantine leaves no clean stretch behind it: it comes last.
    faults: { kind: "listed", names: ["very-slow-key", "dead-target", "rejected-key"] },
  },
  nightly: {
    ...PR,
    name: "nightly",
    brokerCount: 3,
    // More leaves two processors nothing to spare, and latencies tell of the machine alone.
    rate: 200,
    keyCount: 10_000,
    targets: ["crm", "audit", "mail"],
    delivererCount: 3,
    baselineMs: 60_000,
    faults: { kind: "drawn", always: CORE_FAULTS, drawnCount: 100 },
    rounds: 5,
    drainMsMax: 180_000,
  },
  soak: {
    ...PR,
    name: "soak",
    rate: 100,
    baselineMs: 60_000,
    faults: {
      kind: "drawn",
      always: ["rolling-restart", "rebalance-storm", "flapping", "kill"],
      drawnCount: 0,
    },
    rounds: 30,
    drainMsMax: 120_000,
  },
};

/** Whether a word names a profile. */
export function isProfile(word: string): word is ProfileName {
  return Object.hasOwn(PROFILES, word);
}
