/** Targets whose engines have seen everything that the operations API tells of. */
import { viewTarget, type TargetView } from "@millrace/diagnosis";
import {
  asEpoch,
  asJob,
  asOffset,
  asPartition,
  asRecordKey,
  asTopic,
  createState,
  DEFAULTS,
  step,
  type AsideTakeover,
  type AttemptResult,
  type EngineConfig,
  type EngineState,
  type Input,
  type Marker,
  type NewRecord,
  type PartitionHalt,
  type PreparedEvent,
  type ReplayStatus,
} from "@millrace/engine";

const PLACE = { topic: asTopic("users"), partition: asPartition(3) };
/** Keys are set aside below, live events begin here. */
const BEGIN = 10;

const FAILED: AttemptResult = {
  ...{ kind: "retry", reason: "HTTP_STATUS", status: 503 },
  ...{ ambiguous: true, retryAfterMs: null },
};
const REFUSED: AttemptResult = {
  ...{ kind: "misconfigured", reason: "HTTP_UNAUTHORIZED", status: 401, detail: "HTTP 401" },
};
const THROTTLED: AttemptResult = { kind: "throttled", status: 429, retryAfterMs: 30_000 };

/** A target that everything holds: its credentials, its breaker, its own word, people and a guard. */
export function heldTarget(): TargetView {
  const engine = new FedEngine();
  const keys = ["k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8"];
  const results = [REFUSED, REFUSED, REFUSED, THROTTLED, ...Array<AttemptResult>(5).fill(FAILED)];
  engine.fetch(keys, results);
  engine.feed({ kind: "pause", by: "operator", reason: "maintenance" });
  engine.feed({ kind: "pause", by: "guard", reason: "DEAD_LETTER_FLOOD" });
  const request = { ...PLACE, key: asRecordKey("stuck"), offset: asOffset(7), redriveCount: 1 };
  engine.feed({ kind: "redrive", ...request });
  return engine.view();
}

/** A target with a rate, whose first event has failed. */
export function limitedTarget(): TargetView {
  const engine = new FedEngine({ rate: { kind: "limited", perSecond: 5, burst: 5 } });
  engine.fetch(["a", "b"], [FAILED]);
  return engine.view();
}

/** A target before its first assignment. */
export function newTarget(): TargetView {
  return viewOf(createState(DEFAULTS, 0), 0);
}

/** An engine that owns one partition, in which keys are set aside. */
class FedEngine {
  readonly #state: EngineState<PreparedEvent>;
  #now = 0;

  constructor(config: Partial<EngineConfig> = {}) {
    this.#state = createState({ ...DEFAULTS, ...config }, this.#now);
    const partition = {
      ...{ kind: "taken" as const, ...PLACE, epoch: asEpoch(3) },
      ...{ committed: { offset: asOffset(BEGIN), metadata: "" }, logEndOffset: asOffset(BEGIN) },
      markers: [aside("stuck", "quarantine", 7), aside("slow", "deferred", 8)],
    };
    this.feed({ kind: "assigned", generation: 1, partitions: [partition], partitionCount: 4 });
  }

  feed(input: Input<PreparedEvent>): ReturnType<typeof step<PreparedEvent>> {
    return step(this.#state, [input], { now: this.#now, wallNow: this.#now, entropy: 7 });
  }

  /** Records of these keys come in, and the attempts that begin end so, one after the other. */
  fetch(keys: readonly string[], results: readonly AttemptResult[]): void {
    const records = keys.map((key, index) => record(BEGIN + index, key));
    const effects = this.feed({ kind: "records", ...PLACE, records });
    const deliveries = effects.flatMap((effect) =>
      effect.kind === "attempt" ? [effect.delivery] : [],
    );
    this.#now += 5;
    for (const [index, result] of results.entries()) {
      const delivery = deliveries[index];
      if (delivery !== undefined) {
        this.feed({ kind: "attempts-ended", ends: [{ delivery, result }] });
      }
    }
  }

  view(): TargetView {
    return viewOf(this.#state, this.#now);
  }
}

function viewOf(state: EngineState<PreparedEvent>, now: number): TargetView {
  const of = { name: "crm", group: "millrace.crm", process: "host-1-a", state };
  return viewTarget({ ...of, halts: HALTS, replays: REPLAYS }, { now, wallNow: now });
}

function aside(lane: string, kind: Marker["kind"], offset: number): AsideTakeover {
  const redriveCount = kind === "quarantine" ? 1 : 0;
  const epoch = asEpoch(1);
  const marker = { kind, lane, epoch, firstEpoch: epoch, offset: asOffset(offset), redriveCount };
  const progress = { next: asOffset(offset), cursor: null, dropBelow: null };
  return { marker: { ...marker, keyCount: 0 }, ...progress };
}

function record(offset: number, key: string): NewRecord<PreparedEvent> {
  const payload: PreparedEvent = {
    record: {
      ...{ ...PLACE, offset: asOffset(offset), timestampMs: Date.UTC(2026, 0, 1) },
      ...{ key: Buffer.from(key), value: Buffer.from("x"), headers: {} },
    },
    ...{ id: `e-${offset}`, source: "/orders", type: "users.ProfileUpdated", tenant: "default" },
    ...{ traceparent: null, tracestate: null, request: null, mappingRevision: "r1" },
  };
  return {
    ...{ kind: "matched", offset: asOffset(offset), key: asRecordKey(key), bytes: 1 },
    ...{ verdict: { kind: "deliver" }, payload },
  };
}

const HALTS: readonly PartitionHalt[] = [
  {
    ...{ topic: PLACE.topic, partition: asPartition(1), reason: "log-start-beyond-offset" },
    ...{ nextOffset: asOffset(4), logStartOffset: asOffset(9), logEndOffset: asOffset(20) },
  },
  {
    ...{ topic: PLACE.topic, partition: asPartition(2), reason: "committed-offset-gone" },
    ...{ nextOffset: asOffset(4), logStartOffset: asOffset(0), logEndOffset: asOffset(20) },
  },
];

const RANGE = { ...PLACE, from: asOffset(0), to: asOffset(9) };
const COUNTS = { sent: 4, skipped: { FILTERED: 1, KEY_FAILED: 1 }, failed: { HTTP_REJECTED: 1 } };

const REPLAYS: readonly ReplayStatus[] = [
  {
    ...{ plan: { job: asJob("j1"), mode: "repair", ...RANGE }, wish: "pause", stage: "waiting" },
    step: { next: asOffset(7), done: "", counts: COUNTS, failedLanes: ["k"], end: null },
  },
  {
    ...{ plan: { job: asJob("j2"), mode: "reprocess", ...RANGE }, wish: "run", stage: "ended" },
    step: { next: asOffset(9), done: "", counts: COUNTS, failedLanes: [], end: "done" },
  },
  {
    ...{ plan: { job: asJob("j3"), mode: "repair", ...RANGE }, wish: "run", stage: "elsewhere" },
    step: null,
  },
];
