/** What a diagnosis is made of: what Kafka, the control topic and the processes say of a target, as of one moment. */
import type { Pauser } from "@millrace/engine";
import type { TargetView } from "../view/target-view.ts";

/** Everything that is known of a target. Times are RFC 3339, offsets text. */
export interface TargetFacts {
  readonly target: string;
  /** Of Kafka. */
  readonly group: string;
  readonly at: string;
  readonly pauses: readonly PauseFact[];
  /** A rewind that keeps the target's processes out of its group; null: none stands. */
  readonly rewind: RewindFact | null;
  /** Kafka's word for the state of the target's group; `none` where there is no such group. */
  readonly groupState: string;
  readonly members: readonly MemberFact[];
  readonly partitions: readonly PartitionFact[];
  readonly setAside: readonly SetAsideFact[];
}

/** A pause that stands; the last three are null where its entry cannot be read. */
export interface PauseFact {
  readonly pauser: Pauser;
  readonly by: string | null;
  readonly reason: string | null;
  readonly since: string | null;
}

/** A rewind that stands; all is null where its entry cannot be read. */
export type RewindFact = Omit<PauseFact, "pauser">;

/** A member of the target's group. */
export interface MemberFact {
  /** Null: another program's. */
  readonly process: string | null;
  /** What the process says of itself; null where it was not reached. */
  readonly view: TargetView | null;
  /** Why it was not reached. */
  readonly failure: string | null;
}

/** A source partition of the target. */
export interface PartitionFact {
  readonly topic: string;
  readonly partition: number;
  /** `gone`: records that retention took before they were delivered, or offsets that the group has lost. */
  readonly state: "not-started" | "offsets-gone" | "records-gone" | "reading";
  /** Records that are gone, where that is known. */
  readonly goneCount: number | null;
  /** Events that wait, and those that are done above the first of them. */
  readonly waitingCount: number;
  readonly doneCount: number;
  /** A delivery process has it. */
  readonly hasOwner: boolean;
  /** The first event that waits. */
  readonly head: {
    readonly offset: string;
    readonly key: string | null;
    readonly at: string;
  } | null;
}

/** A key that is set aside. */
export interface SetAsideFact {
  readonly kind: "block" | "deferred" | "quarantine";
  /** Null: a whole partition (`order: partition`). */
  readonly key: string | null;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly since: string | null;
  readonly parkedCount: number;
  /** Of its dead letter. */
  readonly reason: string | null;
  readonly error: string | null;
}
