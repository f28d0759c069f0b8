/** A load for the engine's core alone: a log that never ends, a target that fails now and then, commits that are taken. */
import {
  asEpoch,
  asOffset,
  asPartition,
  asRecordKey,
  asTopic,
  createState,
  DEFAULTS,
  step,
  type AttemptEnd,
  type AttemptResult,
  type Delivery,
  type Effect,
  type EngineState,
  type Input,
  type NewRecord,
  type RecordKey,
} from "@millrace/engine";
import { SeededRandom } from "../support/seeded-random.ts";

/** What a load is made of. */
export interface LoadOptions {
  readonly keyCount: number;
  readonly partitionCount: number;
  /** Attempts in flight at most. */
  readonly concurrencyMax: number;
  /** Share of attempts that fail and are repeated. */
  readonly retryShare: number;
  /** Attempts whose ends come in one input at most. */
  readonly endsPerInput: number;
  /** Deliveries in one ms of the engine's time: by this its waits are as long as at that speed. */
  readonly deliveriesPerMs: number;
}

/** What the engine has done. */
export interface LoadCounts {
  attempts: number;
  settled: number;
  commits: number;
  /** Calls of `step`. */
  steps: number;
}

type Payload = null;

const TOPIC = asTopic("events");
/** Records of one input, as the driver hands them in. */
const CHUNK = 32;
/** Rounds without a settled delivery after which the engine counts as stuck. */
const IDLE_ROUNDS_MAX = 100_000;

const DELIVERED: AttemptResult = { kind: "delivered", status: 204 };
const FAILED: AttemptResult = {
  kind: "retry",
  reason: "HTTP_STATUS",
  status: 503,
  ambiguous: true,
  retryAfterMs: null,
};

interface Partition {
  /** Keys in the order in which the log repeats them. */
  readonly keys: readonly RecordKey[];
  isPaused: boolean;
  next: number;
}

/** Feeds one engine. */
export class EngineLoad {
  readonly counts: LoadCounts = { attempts: 0, settled: 0, commits: 0, steps: 0 };
  readonly #options: LoadOptions;
  readonly #random = new SeededRandom(1);
  readonly #state: EngineState<Payload>;
  readonly #partitions: readonly Partition[];
  #open: Delivery<Payload>[] = [];
  #commitId: number | null = null;
  #now = 0;
  #wakeAt = Infinity;

  constructor(options: LoadOptions) {
    this.#options = options;
    const { keyCount, partitionCount, concurrencyMax } = options;
    // A key that fails again and again would be deferred: nobody here writes its marker.
    const bounds = { ...DEFAULTS.bounds, spanMax: Number.MAX_SAFE_INTEGER };
    this.#state = createState({ ...DEFAULTS, concurrencyMax, bounds }, 0);
    const keys = Array.from({ length: keyCount }, (_, index) => asRecordKey(`user-${index}`));
    this.#partitions = Array.from({ length: partitionCount }, (_, id) => ({
      keys: keys.filter((_key, index) => index % partitionCount === id),
      isPaused: false,
      next: 0,
    }));
    this.#step({
      kind: "assigned",
      generation: 1,
      partitionCount,
      partitions: this.#partitions.map((_, id) => ({
        kind: "taken",
        topic: TOPIC,
        partition: asPartition(id),
        epoch: asEpoch(1),
        committed: { offset: asOffset(0), metadata: "" },
        logEndOffset: asOffset(Number.MAX_SAFE_INTEGER),
        markers: [],
      })),
    });
  }

  /** Goes on until so many more deliveries have settled. */
  run(deliveryCount: number): void {
    const end = this.counts.settled + deliveryCount;
    let idleRounds = 0;
    while (this.counts.settled < end) {
      const before = this.counts.settled;
      this.#round();
      idleRounds = this.counts.settled === before ? idleRounds + 1 : 0;
      if (idleRounds > IDLE_ROUNDS_MAX) throw new Error(`stuck at ${JSON.stringify(this.counts)}`);
      const { deliveriesPerMs } = this.#options;
      // Also when all that is left waits, time goes on.
      this.#now += Math.max(1, this.counts.settled - before) / deliveriesPerMs;
    }
  }

  #round(): void {
    for (const [id, partition] of this.#partitions.entries()) {
      if (!partition.isPaused) this.#fetch(id, partition);
    }
    if (this.#now >= this.#wakeAt) {
      this.#wakeAt = Infinity;
      this.#step({ kind: "tick" });
    }
    this.#endAttempts();
    if (this.#commitId === null) return;
    const id = this.#commitId;
    this.#commitId = null;
    this.#step({ kind: "commit-acknowledged", id });
  }

  #fetch(id: number, partition: Partition): void {
    const records: NewRecord<Payload>[] = [];
    for (let index = 0; index < CHUNK; index += 1) {
      const key = partition.keys[partition.next % partition.keys.length] ?? null;
      const offset = asOffset(partition.next);
      const verdict = { kind: "deliver" } as const;
      records.push({ kind: "matched", offset, key, bytes: 1_200, verdict, payload: null });
      partition.next += 1;
    }
    this.#step({ kind: "records", topic: TOPIC, partition: asPartition(id), records });
  }

  #endAttempts(): void {
    const ended = this.#open;
    this.#open = [];
    const { endsPerInput, retryShare } = this.#options;
    for (let from = 0; from < ended.length; from += endsPerInput) {
      const ends: AttemptEnd<Payload>[] = [];
      const to = Math.min(ended.length, from + endsPerInput);
      for (const delivery of ended.slice(from, to)) {
        ends.push({ delivery, result: this.#random.chance(retryShare) ? FAILED : DELIVERED });
      }
      this.#step({ kind: "attempts-ended", ends });
    }
  }

  #step(input: Input<Payload>): void {
    this.counts.steps += 1;
    const entropy = this.#random.bits();
    const moment = { now: this.#now, wallNow: 1_764_000_000_000 + this.#now, entropy };
    for (const effect of step(this.#state, [input], moment)) this.#perform(effect);
  }

  #perform(effect: Effect<Payload>): void {
    switch (effect.kind) {
      case "attempt":
        this.counts.attempts += 1;
        this.#open.push(effect.delivery);
        return;
      case "settled":
        this.counts.settled += 1;
        return;
      case "commit":
        this.counts.commits += 1;
        this.#commitId = effect.id;
        return;
      case "pause-fetch":
        return this.#setPaused(effect.partition, true);
      case "resume-fetch":
        return this.#setPaused(effect.partition, false);
      case "wake":
        this.#wakeAt = effect.at;
        return;
      default:
    }
  }

  #setPaused(id: number, isPaused: boolean): void {
    const partition = this.#partitions[id];
    if (partition !== undefined) partition.isPaused = isPaused;
  }
}
