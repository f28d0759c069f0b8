import type { Delivery, GivenUp } from "./lanes/delivery.ts";
import type { Offset, TopicPartition } from "./lanes/identity.ts";
import type { Detour, DetourReading } from "./aside/detour.ts";
import type { Mark, Park } from "./aside/marker.ts";
import type { PartitionState } from "./lanes/partition.ts";
import type { ProgressEntry, ReplayNote } from "./aside/progress.ts";
import type { Replay, ReplayedEnd, ReplayReading, ReplayStep } from "./replay/replay.ts";
import type { Pauser } from "./guards/pause.ts";

/** How a delivery ended; `skipped`: the filter left it out, or people dropped it. It settles once. */
export type Outcome = "delivered" | "skipped" | "dead-lettered" | "parked";

/** One partition's part of a commit. */
export interface PartitionCommit extends TopicPartition {
  readonly offset: Offset;
  readonly metadata: string;
}

/** Offsets in a row that the filter left out. */
export interface SkippedRun<Payload> {
  readonly partition: PartitionState<Payload>;
  readonly from: Offset;
  /** One above the last. */
  to: Offset;
}

/** Everything the engine asks its driver to do. The driver does it and reports back; it never decides. */
export type Effect<Payload> =
  /** Make one HTTP call of this delivery; report `attempts-ended`. */
  | { readonly kind: "attempt"; readonly delivery: Delivery<Payload> }
  /** Write the dead letter; report `dead-letters-written` or `-failed`. */
  | {
      readonly kind: "dead-letter";
      readonly delivery: Delivery<Payload>;
      readonly why: GivenUp;
      /** Whether later events of its key wait for it: a marker follows. */
      readonly holdsKey: boolean;
    }
  /** Write the marker of a key; report `marks-written` or `-failed`. */
  | ({ readonly kind: "mark" } & Mark<Payload>)
  /** Write these to the parked topic, in this order; report `parks-written` or `-failed`. */
  | ({ readonly kind: "park" } & Park<Payload>)
  /** Read what a key has in the dead-letter and parked topics; report `detour-found` or `detour-failed`. */
  | ({ readonly kind: "read-detour" } & DetourReading<Payload>)
  /** Write how far detours and replays have come, each of one moment; report `progress-written` or `-failed`. One at a time. */
  | {
      readonly kind: "progress";
      readonly id: number;
      readonly entries: readonly ProgressEntry<Payload>[];
      readonly replays: readonly ReplayNote<Payload>[];
    }
  /** Read a part of a replay's range; report `replay-found` or `replay-failed`. */
  | { readonly kind: "read-replay"; readonly reading: ReplayReading<Payload> }
  /** An event of a replay ended: tell of it, forget its payload. Its live outcome stands as it is. */
  | {
      readonly kind: "replayed";
      readonly delivery: Delivery<Payload>;
      readonly end: ReplayedEnd;
    }
  /** A replay is over in this partition, and its last step written. */
  | {
      readonly kind: "replay-ended";
      readonly replay: Replay<Payload>;
      readonly step: ReplayStep;
    }
  /** Write that a key is set aside no longer; report `releases-written` or `-failed`. */
  | { readonly kind: "release"; readonly detour: Detour<Payload> }
  /** A lane stands still, with this delivery at its head, until someone acts. */
  | { readonly kind: "blocked"; readonly delivery: Delivery<Payload> }
  /** Commit, all partitions in one request; report `commit-acknowledged` or `commit-failed`. One at a time. */
  | {
      readonly kind: "commit";
      readonly id: number;
      readonly generation: number;
      readonly commits: readonly PartitionCommit[];
    }
  /** Hand in no further records of the partition, until `resume-fetch`. */
  | ({ readonly kind: "pause-fetch" } & TopicPartition)
  | ({ readonly kind: "resume-fetch" } & TopicPartition)
  /** A delivery ended: tell of it, forget its payload. */
  | {
      readonly kind: "settled";
      readonly delivery: Delivery<Payload>;
      readonly outcome: Outcome;
    }
  /** The filter left records out, and they are settled; nothing of them was kept. */
  | ({ readonly kind: "skipped" } & SkippedRun<Payload>)
  /** Send `tick` at this monotonic time; replaces an earlier wish. */
  | { readonly kind: "wake"; readonly at: number }
  /** The whole target waits, for a reason people want to know; `toldBy`: another process that it comes from, or null. */
  | {
      readonly kind: "target-held";
      readonly reason: string;
      readonly until: number;
      readonly toldBy: string | null;
    }
  | { readonly kind: "target-released" }
  /** The target asked this process for time: tell the others, until when (monotonic ms). At most one a second. */
  | { readonly kind: "throttled"; readonly until: number }
  /** The target is paused until someone resumes it; by the guard, this is an alarm. */
  | { readonly kind: "paused"; readonly by: Pauser; readonly reason: string }
  | { readonly kind: "resumed"; readonly by: Pauser }
  /** After `drain`: nothing is open and everything settled is committed. */
  | { readonly kind: "drained" };
