import type { MarkerKind } from "@millrace/engine";
import type { Owner } from "./owner.ts";
import type { PartitionState } from "./partition-lag.ts";

/**
 * What the head of a line waits for, as far as Kafka alone tells:
 *
 * - `retention`: somebody who decides where to go on, since records before it are gone.
 * - `blocked`: a redrive, since its key has a dead letter that holds it here.
 * - `quarantined`, `deferred`: its key is set aside, and its owner is to park it.
 * - `rebalance`: the group, which is dividing its partitions.
 * - `no-owner`: a process that takes the partition.
 * - `in-work`: its owner: an attempt, a retry, a free slot, the target.
 */
export type WaitReason =
  "retention" | "blocked" | "quarantined" | "deferred" | "rebalance" | "no-owner" | "in-work";

/** What is known of a head and its partition. */
export interface HeadSituation {
  readonly state: PartitionState;
  /** How its key is set aside; null where it is not. */
  readonly aside: MarkerKind | null;
  /** Kafka's word. */
  readonly groupState: string;
  readonly owner: Owner | null;
}

const ASIDE: Readonly<Record<MarkerKind, WaitReason>> = {
  block: "blocked",
  quarantine: "quarantined",
  deferred: "deferred",
};

/** Kafka tells no assignments in these. */
const REBALANCING: ReadonlySet<string> = new Set(["PreparingRebalance", "CompletingRebalance"]);

/** Decides; what lasts longest goes first. */
export function waitReason({ state, aside, groupState, owner }: HeadSituation): WaitReason {
  if (state === "retention-passed") return "retention";
  if (aside !== null) return ASIDE[aside];
  if (REBALANCING.has(groupState)) return "rebalance";
  return owner === null ? "no-owner" : "in-work";
}
