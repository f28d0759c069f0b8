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
  /** How long a call may take, ms. */
  readonly timeoutMs: number;
  /** What is added to the answers of a slow key, ms: below the timeout. */
  readonly slowMs: number;
  readonly delivererCount: number;
  /** Under load before anything is measured, ms. */
  readonly warmMs: number;
  /** Clean run that the faults are compared with, ms. */
  readonly baselineMs: number;
  /** Between the recovery from one fault and the next one, ms. */
  readonly gapMs: number;
  /** How long faults of targets and the network last; null: each its own time, ms. */
  readonly holdMs: number | null;
  readonly faults: FaultChoice;
  /** Rounds of all of them. */
  readonly rounds: number;
  /** How the healthy are compared with the clean run. */
  readonly isolation: Isolation;
  /** After healing, until the lag is 0, at most, ms. */
  readonly drainMsMax: number;
}

/** Which faults a run has. */
export type FaultChoice =
  | { readonly kind: "listed"; readonly names: readonly FaultName[] }
  /** Those of every run, and how many of the others, which differ from seed to seed. */
  | { readonly kind: "drawn"; readonly always: readonly FaultName[]; readonly drawnCount: number };

/**
 * `usual`: what L4 allows, where the machine lets it be compared. `strict`: keys get no allowance on top of their share,
 * and a run that cannot compare shows nothing.
 */
export type Isolation = "usual" | "strict";

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
  timeoutMs: 2_000,
  slowMs: 1_500,
  delivererCount: 2,
  warmMs: 3_000,
  baselineMs: 5_000,
  gapMs: 1_000,
  holdMs: null,
  faults: { kind: "drawn", always: ["kill", "server-errors", "rolling-restart"], drawnCount: 0 },
  rounds: 1,
  isolation: "usual",
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
  timeoutMs: 2_000,
  slowMs: 1_500,
  delivererCount: 2,
  warmMs: 5_000,
  baselineMs: 15_000,
  gapMs: 2_000,
  holdMs: null,
  faults: { kind: "drawn", always: CORE_FAULTS, drawnCount: 4 },
  rounds: 1,
  isolation: "usual",
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
    hotShare: 0.005,
    timeoutMs: 10_000,
    slowMs: 5_000,
    baselineMs: 60_000,
    gapMs: 30_000,
    holdMs: 60_000,
    faults: {
      kind: "listed",
      names: ["rejected-keys", "slow-key", "dead-target", "server-errors"],
    },
    isolation: "strict",
  },
  nightly: {
    ...PR,
    name: "nightly",
    brokerCount: 3,
    rate: 300,
    keyCount: 10_000,
    targets: ["crm", "audit", "mail"],
    delivererCount: 3,
    baselineMs: 60_000,
    faults: { kind: "drawn", always: CORE_FAULTS, drawnCount: 100 },
    rounds: 2,
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
