/** What one seed runs: sizes, terms, events, faults and operations, all drawn before anything happens. */
import type { EngineConfig, ReplayMode, ReplayWish, Topic } from "@millrace/engine";
import type { FaultClass } from "./fault-classes.ts";
import type { BrokerFaults } from "./fault-plan.ts";
import type { Focus } from "./focus.ts";

/** A source topic. */
export interface TopicPlan {
  readonly name: Topic;
  readonly partitionCount: number;
  /** Partitions that it gets besides while the run goes on. Default: none. */
  readonly added?: { readonly count: number; readonly at: number };
}

/** How many partitions a topic has in the end. */
export function partitionCountMax({ partitionCount, added }: TopicPlan): number {
  return partitionCount + (added?.count ?? 0);
}

/** How a target answers beyond single calls, for a while. */
export interface Episode {
  readonly kind:
    | "outage"
    | "refused"
    | "throttled"
    | "throttled-absurdly"
    | "unauthorized"
    | "redirect"
    | "tls"
    | "slow"
    | "hang";
  readonly fault: FaultClass;
  readonly from: number;
  readonly to: number;
}

/** How a target's calls go wrong. Shares are of calls. */
export interface TargetFaults {
  readonly serverErrors: number;
  readonly throttles: number;
  /** Applied and never answered. */
  readonly lostAnswers: number;
  /** Arrives when its sender has given up, or nearly. */
  readonly lateArrivals: number;
  readonly resets: number;
  readonly hangs: number;
  readonly refusals: number;
  readonly invalidAnswers: number;
  readonly slowCalls: number;
  /** Keys whose calls take as long as that. */
  readonly slowKeys: ReadonlySet<string>;
  readonly slowKeyMs: number;
  readonly episodes: readonly Episode[];
}

/** A target and its terms. */
export interface TargetPlan {
  readonly name: string;
  readonly topics: readonly Topic[];
  /** Where it begins with a partition that was there before it. Default: earliest. */
  readonly startAt?: "earliest" | "latest";
  /** As the run begins; whatever it is changed to later keeps within these limits, which is what the target was promised. */
  readonly engine: EngineConfig;
  readonly timeoutMs: number;
  readonly latencyMs: { readonly from: number; readonly to: number };
  readonly faults: TargetFaults;
  /** From then on it takes what it refused before: someone has mended it. Default: never. */
  readonly rejectsUntil?: number;
  /** So long after an event was emitted it takes it, although it refused it before. Default: never. */
  readonly rejectsForMs?: number;
}

/** What becomes of an event at one target, if nothing goes wrong. */
export type Fate = "deliver" | "filtered" | "undeliverable" | "reject";

/** An event, and where it is written. */
export interface EventPlan {
  readonly id: string;
  readonly at: number;
  readonly topic: Topic;
  readonly partition: number;
  readonly key: string | null;
  /** Offsets used up before it that no reader sees. */
  readonly gapCount: number;
  readonly schemaId: number;
  readonly fates: Readonly<Record<string, Fate>>;
}

/** What befalls the owner of a key while it is redriven. */
export type RedriveStrike = "kill" | "terminate" | "stall" | "rebalance";

/** What people discard: a dead letter, or also what is parked behind it by then. */
export type DiscardPlan = "dead-letter" | "parked";

/** Something done to the world at a time. `slot` is a place for a process, which may be empty. */
export type OperationPlan = { readonly at: number; readonly fault: FaultClass | null } & (
  | { readonly kind: "start"; readonly slot: number }
  | { readonly kind: "kill"; readonly slot: number; readonly downMs: number }
  | { readonly kind: "terminate"; readonly slot: number; readonly downMs: number }
  | { readonly kind: "stall"; readonly slot: number; readonly forMs: number }
  | { readonly kind: "cut-link"; readonly slot: number; readonly forMs: number }
  | { readonly kind: "jump-wall-clock"; readonly slot: number; readonly byMs: number }
  | { readonly kind: "broker-outage"; readonly forMs: number }
  | { readonly kind: "registry-outage"; readonly forMs: number }
  /** Too few replicas, or a full disk: what is read is read, and groups live on. */
  | { readonly kind: "refuse-writes"; readonly forMs: number }
  | { readonly kind: "rebalance"; readonly target: string }
  | { readonly kind: "pause"; readonly target: string; readonly forMs: number }
  /** As soon as a breaker of the target is open. */
  | { readonly kind: "breaker-reset"; readonly target: string }
  /** A target's new terms: the process in `slot` starts anew with them, each other one when it next starts. */
  | {
      readonly kind: "reconfigure";
      readonly target: string;
      readonly slot: number;
      readonly revision: string;
      readonly engine: EngineConfig;
    }
  | {
      readonly kind: "foreign-metadata";
      readonly target: string;
      readonly pick: number;
      readonly metadata: string;
    }
  /** The group's offset of a partition is gone, as one that has expired. */
  | { readonly kind: "offset-gone"; readonly target: string; readonly pick: number }
  | {
      readonly kind: "retention";
      readonly topic: Topic;
      readonly pick: number;
      /** Share of what the partition holds then that is deleted. */
      readonly share: number;
    }
  | {
      readonly kind: "replay";
      readonly job: string;
      readonly target: string;
      readonly topic: Topic;
      readonly pick: number;
      /** Shares of the log as it stands then. */
      readonly from: number;
      readonly to: number;
      readonly mode: ReplayMode;
    }
  | {
      /** Of a key that is set aside behind a dead letter then, or as soon as there is one. */
      readonly kind: "redrive";
      readonly target: string;
      readonly pick: number;
      readonly strike: RedriveStrike | null;
      readonly strikeAfterMs: number;
      /** It is not redriven, but goes on without that. Default: it is redriven. */
      readonly discard?: DiscardPlan;
    }
  | { readonly kind: "steer-replay"; readonly job: string; readonly wish: ReplayWish }
);

/** Shares of effects at which a process is killed, before or behind the effect. */
export interface CrashShares {
  readonly send: number;
  readonly commit: number;
  readonly produce: number;
  readonly state: number;
}

/** A process that stands still right behind an effect of its own, as one that is swapped out does. */
export interface FreezePlan {
  /** Of effects. */
  readonly share: number;
  readonly forMs: number;
}

/** See the head of this file. */
export interface Plan {
  readonly seed: number;
  readonly chaosMs: number;
  readonly sessionMs: number;
  /** How long a drain may take before a rebalance goes on without it, ms. */
  readonly drainMs: number;
  /** What open calls get of a process's grace after SIGTERM, ms. */
  readonly stopBudgetMs: number;
  /** How much too early timers of processes are, ms. */
  readonly timersEarlyMs: number;
  readonly slotCount: number;
  readonly topics: readonly TopicPlan[];
  readonly targets: readonly TargetPlan[];
  readonly events: readonly EventPlan[];
  readonly operations: readonly OperationPlan[];
  readonly broker: BrokerFaults;
  readonly crashes: CrashShares;
  readonly freezes: FreezePlan;
  readonly refetchShare: number;
  /** What an event may weigh in a target's own topics, bytes; those that weigh more lose what does not fit. */
  readonly recordBytesMax: number;
  readonly classes: ReadonlySet<FaultClass>;
  readonly foci: readonly Focus[];
}
