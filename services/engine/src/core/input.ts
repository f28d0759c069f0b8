import type { AttemptResult } from "./lanes/attempt-result.ts";
import type { Delivery, NewRecord } from "./lanes/delivery.ts";
import type { JobId, TopicPartition } from "./lanes/identity.ts";
import type { Detour, DetourFound } from "./aside/detour.ts";
import type { Mark, Park } from "./aside/marker.ts";
import type { PartitionTakeover } from "./lanes/partition.ts";
import type { DiscardRequest, RedriveRequest } from "./aside/redrive.ts";
import type { Pauser } from "./guards/pause.ts";
import type {
  ReadingFailure,
  ReplayFound,
  ReplayReading,
  ReplayRequest,
  ReplayWish,
} from "./replay/replay.ts";

/** When an input came in, and the randomness it may use. The core has no other source of either. */
export interface Moment {
  /** Monotonic ms. */
  readonly now: number;
  /** Epoch ms; only labels what people read. */
  readonly wallNow: number;
  /** 32 random bits. */
  readonly entropy: number;
}

/** A partition of a new assignment: kept from the generation directly before, or taken over. */
export type AssignedInput =
  | ({ readonly kind: "continued" } & TopicPartition)
  | ({ readonly kind: "taken" } & PartitionTakeover);

/** The end of one attempt. */
export interface AttemptEnd<Payload> {
  readonly delivery: Delivery<Payload>;
  readonly result: AttemptResult;
  /** Monotonic ms; left out: now. */
  readonly endedAt?: number;
}

/** Everything that can happen to a target's engine. */
export type Input<Payload> =
  /** A generation began; partitions that are not named are gone. */
  | {
      readonly kind: "assigned";
      readonly generation: number;
      readonly partitions: readonly AssignedInput[];
      /** Partitions of the target over all processes; at least as many as are owned. */
      readonly partitionCount: number;
    }
  /** Records of one partition, offsets ascending. Those already known are dropped. */
  | ({ readonly kind: "records"; readonly records: readonly NewRecord<Payload>[] } & TopicPartition)
  /** Attempts ended, in any order. */
  | { readonly kind: "attempts-ended"; readonly ends: readonly AttemptEnd<Payload>[] }
  /** Dead letters stand in the log. */
  | { readonly kind: "dead-letters-written"; readonly deliveries: readonly Delivery<Payload>[] }
  /** Dead letters could not be written; the engine asks again. */
  | { readonly kind: "dead-letters-failed"; readonly deliveries: readonly Delivery<Payload>[] }
  /** Markers stand in the log. */
  | { readonly kind: "marks-written"; readonly marks: readonly Mark<Payload>[] }
  /** Markers could not be written; the engine asks again. */
  | { readonly kind: "marks-failed"; readonly marks: readonly Mark<Payload>[] }
  /** Parked events stand in the log. */
  | { readonly kind: "parks-written"; readonly parks: readonly Park<Payload>[] }
  /** Events could not be parked, or not all of them; the engine asks again. */
  | { readonly kind: "parks-failed"; readonly parks: readonly Park<Payload>[] }
  /** A key that is set aside is to be delivered, its dead letter first. */
  | ({ readonly kind: "redrive" } & RedriveRequest)
  /** A key that is set aside is to go on without its dead letter, and without what is parked up to some event. */
  | ({ readonly kind: "discard" } & DiscardRequest)
  /** What a detour reads was found. */
  | ({ readonly kind: "detour-found" } & DetourFound<Payload>)
  /** It could not be read; the engine asks again. */
  | { readonly kind: "detour-failed"; readonly detour: Detour<Payload> }
  /** The progress in flight stands in the log, or may not. */
  | { readonly kind: "progress-written"; readonly id: number }
  | { readonly kind: "progress-failed"; readonly id: number }
  /** Releases stand in the log. */
  | { readonly kind: "releases-written"; readonly detours: readonly Detour<Payload>[] }
  /** Releases could not be written; the engine asks again. */
  | { readonly kind: "releases-failed"; readonly detours: readonly Detour<Payload>[] }
  /** A range of a partition is to be sent once more. */
  | ({ readonly kind: "replay" } & ReplayRequest)
  /** A job is to run, to pause, or to end, wherever it is. */
  | { readonly kind: "replay-steered"; readonly job: JobId; readonly wish: ReplayWish }
  /** What a replay reads was found. */
  | ({ readonly kind: "replay-found" } & ReplayFound<Payload>)
  /** It could not be read. */
  | {
      readonly kind: "replay-failed";
      readonly reading: ReplayReading<Payload>;
      readonly failure: ReadingFailure;
    }
  /** The commit in flight was acknowledged. */
  | { readonly kind: "commit-acknowledged"; readonly id: number }
  /** The commit in flight failed; `isFenced`: its generation is over. */
  | { readonly kind: "commit-failed"; readonly id: number; readonly isFenced: boolean }
  /** The time asked for by `wake` has come. */
  | { readonly kind: "tick" }
  /** Start nothing until `resume` by the same. `reason` is for people. */
  | { readonly kind: "pause"; readonly by: Pauser; readonly reason: string }
  /** Ends the pause by this one, if it stands; the target goes on when none stands. */
  | { readonly kind: "resume"; readonly by: Pauser }
  /** The target asked another process, `by`, for so long from now on; 0 or less is over. Start nothing meanwhile. */
  | { readonly kind: "throttle"; readonly forMs: number; readonly by: string }
  /** Ask a target that the breaker leaves alone again now. */
  | { readonly kind: "breaker-reset" }
  /** Stop dispatching, end what is open, commit, and say `drained`. `assigned` ends it. */
  | { readonly kind: "drain" }
  /** These partitions are not continued: their epochs end now, before the next generation is taken over. */
  | { readonly kind: "revoked"; readonly partitions: readonly TopicPartition[] }
  /** Membership is lost: every epoch ends now. */
  | { readonly kind: "fenced" };
