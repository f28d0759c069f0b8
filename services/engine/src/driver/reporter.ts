/** What a driver tells people: metrics, spans and log lines of one target. Changes nothing. */
import type { AttemptResult } from "../core/lanes/attempt-result.ts";
import type { Delivery } from "../core/lanes/delivery.ts";
import type { Effect, Outcome } from "../core/effect.ts";
import type { TargetId, TopicPartition } from "../core/lanes/identity.ts";
import type { Aside, Mark, MarkerKind } from "../core/aside/marker.ts";
import type { PartitionState } from "../core/lanes/partition.ts";
import type { Pauser } from "../core/guards/pause.ts";
import type { ReplayedEnd, ReplayPlan, ReplayStep } from "../core/replay/replay.ts";
import { partitionName, type EngineState } from "../core/state.ts";
import type {
  Assignment,
  Cancel,
  Clock,
  Counter,
  Histogram,
  Labels,
  LogFields,
  Measurement,
  PartitionHalt,
  PreparedEvent,
  RecordBatch,
  Span,
  Telemetry,
} from "../ports.ts";
import { EventSpans } from "./event-spans.ts";
import { guardGauges } from "./guard-gauges.ts";
import { LineBudget } from "./journal/line-budget.ts";
import type { DriverOptions, DriverPorts } from "./options.ts";

type EventDelivery = Delivery<PreparedEvent>;
type PartitionView = PartitionState<PreparedEvent>;
type TargetHeld = Extract<Effect<PreparedEvent>, { kind: "target-held" }>;

/** An attempt's end, as it is reported. */
export interface AttemptReport {
  readonly result: AttemptResult;
  readonly span: Span;
  readonly durationMs: number;
}

/** What a reporter may look at. */
export interface ReporterView {
  readonly state: Readonly<EngineState<PreparedEvent>>;
  /** Epoch ms of the oldest record that is fetched and not in the engine yet; null when there is none. */
  readonly oldestHeldAt: (partition: TopicPartition) => number | null;
}

interface AttemptLabels {
  readonly attempt: Labels;
  readonly duration: Labels;
}

/** How often the same failing port is complained about, ms. */
const COMPLAINT_INTERVAL_MS = 10_000;
const COMPLAINTS_MAX = 100;

const SET_ASIDE: Readonly<Record<MarkerKind, string>> = {
  quarantine: "key set aside: its later events are parked until it is redriven",
  block: "key set aside: its later events stand still behind it",
  deferred: "key deferred: it is slow and goes on from the parked topic",
};

/** Reports one target. */
export class Reporter {
  readonly #target: TargetId;
  readonly #telemetry: Telemetry;
  readonly #clock: Clock;
  readonly #state: Readonly<EngineState<PreparedEvent>>;
  readonly #attempts: Counter;
  readonly #events: Counter;
  readonly #deadLetters: Counter;
  readonly #replayed: Counter;
  readonly #rebalances: Counter;
  readonly #latency: Histogram;
  readonly #duration: Histogram;
  readonly #gauges: readonly Cancel[];
  readonly #logEnds = new Map<string, number>();
  readonly #spans: EventSpans;
  readonly #oldestHeldAt: (partition: TopicPartition) => number | null;
  readonly #targetLabels: Labels;
  readonly #outcomeLabels: Readonly<Record<Outcome, Labels>>;
  /** One object for each kind of end, not for each attempt. */
  readonly #attemptLabels = new Map<AttemptResult["kind"], AttemptLabels[]>();
  readonly #complaints = new Map<string, number>();
  readonly #failureLines = new LineBudget();

  constructor(
    { target, groupId }: Pick<DriverOptions, "groupId" | "target">,
    { telemetry, clock }: Pick<DriverPorts, "clock" | "telemetry">,
    view: ReporterView,
  ) {
    this.#target = target;
    this.#telemetry = telemetry;
    this.#clock = clock;
    this.#state = view.state;
    this.#oldestHeldAt = view.oldestHeldAt;
    this.#spans = new EventSpans(telemetry, target, groupId);
    this.#targetLabels = { target };
    this.#outcomeLabels = {
      delivered: { target, outcome: "delivered" },
      skipped: { target, outcome: "skipped" },
      "dead-lettered": { target, outcome: "dead_lettered" },
      parked: { target, outcome: "parked" },
    };
    this.#attempts = telemetry.counter("millrace.delivery.attempts", "HTTP calls made");
    this.#events = telemetry.counter("millrace.delivery.events", "deliveries ended");
    this.#deadLetters = telemetry.counter("millrace.dlq.messages", "dead letters written");
    this.#replayed = telemetry.counter("millrace.replay.events", "events of replays ended");
    this.#rebalances = telemetry.counter("millrace.consumer.rebalances", "assignments received");
    this.#latency = telemetry.histogram(
      "millrace.delivery.latency.seconds",
      "from the log to the target",
    );
    this.#duration = telemetry.histogram("http.client.request.duration.seconds", "one attempt");
    this.#gauges = this.#observe();
  }

  /** Ends the gauges. */
  close(): void {
    for (const cancel of this.#gauges) cancel();
  }

  assigned(assignment: Assignment, ownedCount: number): void {
    for (const { topic, partition, logEndOffset } of assignment.partitions) {
      this.#logEnds.set(partitionName(topic, partition), logEndOffset);
    }
    this.#rebalances.add(1, { target: this.#target });
    const { memberId, generation } = assignment;
    this.#log("info", "partitions assigned", { memberId, generation, partitions: ownedCount });
  }

  fetched({ topic, partition, logEndOffset }: RecordBatch): void {
    this.#logEnds.set(partitionName(topic, partition), logEndOffset);
  }

  draining(reason: string, inFlight: number): void {
    this.#log("info", "draining", { reason, inFlight });
  }

  lost(reason: string): void {
    this.#log("warn", "membership lost: nothing is sent until the group is joined again", {
      reason,
    });
  }

  halted(halt: PartitionHalt): void {
    const { reason, topic, partition, nextOffset, logStartOffset, logEndOffset } = halt;
    const missing =
      reason === "log-start-beyond-offset"
        ? logStartOffset - nextOffset
        : nextOffset - logEndOffset;
    this.#log("error", "partition stopped: its records or offsets are gone; nothing is skipped", {
      reason,
      topic,
      partition,
      nextOffset,
      logStartOffset,
      logEndOffset,
      recordsGone: reason === "committed-offset-gone" ? null : missing,
    });
  }

  /** Said at once, then no more than every ten seconds: the call is made again more often than that. */
  portFailed(what: string, error: unknown): void {
    const now = this.#clock.now();
    if (now - (this.#complaints.get(what) ?? -Infinity) < COMPLAINT_INTERVAL_MS) return;
    if (this.#complaints.size >= COMPLAINTS_MAX) this.#complaints.clear();
    this.#complaints.set(what, now);
    const message = error instanceof Error ? error.message : String(error);
    this.#log("warn", `could not ${what}; trying again`, { error: message });
  }

  held({ reason, toldBy }: TargetHeld, forMs: number): void {
    const told = toldBy === null ? {} : { toldBy };
    this.#log("warn", "target waits", { reason, forMs: Math.round(forMs), ...told });
  }

  released(): void {
    this.#log("info", "target goes on");
  }

  /** By the guard, this is an alarm. */
  paused(by: Pauser, reason: string): void {
    const level = by === "guard" ? "error" : "warn";
    this.#log(level, "target paused: nothing is sent until it is resumed", { by, reason });
  }

  resumed(by: Pauser): void {
    this.#log("info", "target resumed", { by });
  }

  /** Begins the span of an attempt. */
  attemptStarted(delivery: EventDelivery): Span {
    return this.#spans.attempt(delivery);
  }

  attemptEnded(delivery: EventDelivery, { result, span, durationMs }: AttemptReport): void {
    const status = "status" in result ? result.status : null;
    const isFailure = result.kind !== "delivered";
    if (status !== null) span.set({ "http.response.status_code": status });
    span.end(isFailure ? (status === null ? reasonOf(result) : String(status)) : undefined);
    const labels = this.#labelsOf(result, status);
    this.#attempts.add(1, labels.attempt);
    this.#duration.record(durationMs / 1_000, labels.duration);
    if (isFailure) this.#attemptFailed(delivery, { result, status, durationMs });
  }

  /** While a target is down every key fails, again and again: metrics count all of it, the log shows some. */
  #attemptFailed(
    delivery: EventDelivery,
    end: {
      readonly result: AttemptResult;
      readonly status: number | null;
      readonly durationMs: number;
    },
  ): void {
    const leftOutCount = this.#failureLines.take(this.#clock.now());
    if (leftOutCount === null) return;
    this.#log("info", "attempt failed", {
      ...this.#identity(delivery),
      outcome: end.result.kind,
      error: reasonOf(end.result),
      status: end.status,
      durationMs: Math.round(end.durationMs),
      ...(leftOutCount === 0 ? {} : { leftOutBefore: leftOutCount }),
    });
  }

  /** Records that the filter left out. */
  skipped(count: number): void {
    this.#events.add(count, this.#outcomeLabels.skipped);
  }

  settled(delivery: EventDelivery, outcome: Outcome): void {
    this.#events.add(1, this.#outcomeLabels[outcome]);
    const { givenUp, payload } = delivery;
    if (outcome === "delivered") {
      const ageMs = this.#clock.wallNow() - payload.record.timestampMs;
      this.#latency.record(Math.max(0, ageMs) / 1_000, this.#targetLabels);
    } else if (outcome === "dead-lettered") {
      const reason = givenUp?.reason ?? "none";
      this.#deadLetters.add(1, { target: this.#target, reason });
      const fields = { ...this.#identity(delivery), reason, error: givenUp?.detail };
      this.#log("error", "dead-lettered", fields);
    }
    if (outcome === "skipped") return this.#spans.drop(delivery);
    this.#spans.settle(delivery, outcome === "delivered" ? undefined : givenUp?.reason);
  }

  /** An event of a replay ended; its live outcome stands. */
  replayed(delivery: EventDelivery, end: ReplayedEnd): void {
    this.#replayed.add(1, { target: this.#target, outcome: end.kind });
    this.#spans.settle(delivery, end.kind === "failed" ? end.why.reason : undefined);
  }

  /** A job's name stands for another range already: what was done of that says nothing of this one. */
  replayRefused({ job, topic, partition }: ReplayPlan): void {
    const message = "replay not run: its name was used for another range; use a new one";
    this.#log("error", message, { job, topic, partition });
  }

  /** A replay is over in a partition. */
  replayEnded({ job, topic, partition }: ReplayPlan, { end, counts }: ReplayStep): void {
    const level = end === "done" || end === "cancelled" ? "info" : "error";
    this.#log(level, "replay ended", { job, topic, partition, end, ...counts });
  }

  /** A key is set aside from here on. */
  marked({ delivery, marker, partition }: Mark<PreparedEvent>): void {
    const { topic, partition: id } = partition;
    const identity = delivery === null ? { topic, partition: id } : this.#identity(delivery);
    this.#log(marker.kind === "deferred" ? "info" : "warn", SET_ASIDE[marker.kind], identity);
  }

  /** A claim of an earlier generation came late and took the partition's epoch away. */
  renewed({ topic, partition }: TopicPartition): void {
    this.#log("warn", "partition claimed anew: an old claim came late", { topic, partition });
  }

  /** A key is set aside no longer. */
  keyReleased({ partition, marker, dropBelow }: Aside<PreparedEvent>): void {
    const { topic, partition: id } = partition;
    const { kind, offset } = marker;
    this.#log("info", "key released: it is delivered like any other", {
      topic,
      partition: id,
      kind,
      offset,
      ...(dropBelow === null ? {} : { droppedBelow: dropBelow }),
    });
  }

  /** A key stands still at this event. */
  blocked(delivery: EventDelivery): void {
    this.#log("error", "key blocked: it stands still until someone acts", this.#identity(delivery));
  }

  /** The trace that leads to a delivery, until it has settled; null without. */
  traceIdOf(delivery: EventDelivery): string | null {
    return this.#spans.traceIdOf(delivery);
  }

  /** Epochs have ended: what was open in them is told no more. */
  epochsEnded(): void {
    this.#spans.endEpochs();
  }

  #labelsOf({ kind }: AttemptResult, status: number | null): AttemptLabels {
    const index = status === null ? 0 : Math.floor(status / 100);
    const known = this.#attemptLabels.get(kind)?.[index];
    if (known !== undefined) return known;
    const target = this.#target;
    const statusClass = status === null ? "none" : `${index}xx`;
    const labels = {
      attempt: { target, outcome: kind, status_class: statusClass },
      duration: { target, status_class: statusClass },
    };
    const ofKind = this.#attemptLabels.get(kind) ?? [];
    ofKind[index] = labels;
    this.#attemptLabels.set(kind, ofKind);
    return labels;
  }

  #identity(delivery: EventDelivery): LogFields {
    const { payload, partition, offset, attemptCount } = delivery;
    return {
      eventId: payload.id,
      source: payload.source,
      type: payload.type,
      topic: partition.topic,
      partition: partition.partition,
      offset,
      attempt: attemptCount,
      traceId: this.#spans.traceIdOf(delivery),
    };
  }

  #observe(): readonly Cancel[] {
    const target = this.#target;
    const gauge = this.#telemetry.gauge.bind(this.#telemetry);
    const each = (value: (partition: PartitionView) => number) => () =>
      this.#measure((partition) => value(partition));
    return [
      gauge(
        "millrace.consumer.lag",
        "log end less committed, records",
        each((p) => this.#lag(p)),
      ),
      gauge(
        "millrace.consumer.lag.age.seconds",
        "age of the oldest undelivered event",
        each((p) => this.#lagAgeSeconds(p)),
      ),
      gauge(
        "millrace.consumer.committed.offset",
        "committed offset",
        each((p) => p.acknowledged.offset),
      ),
      gauge("millrace.keys.set.aside", "keys in quarantine or blocked", () => this.#setAside()),
      gauge("millrace.inflight", "attempts in flight", () => [
        { value: this.#state.inFlightCount, labels: { target } },
      ]),
      ...guardGauges(this.#telemetry, target, this.#state),
    ];
  }

  *#measure(value: (partition: PartitionView) => number): Generator<Measurement> {
    for (const partition of this.#state.partitions.values()) {
      const labels = {
        target: this.#target,
        topic: partition.topic,
        partition: partition.partition,
      };
      yield { value: value(partition), labels };
    }
  }

  *#setAside(): Generator<Measurement> {
    const counts = { quarantine: 0, block: 0, deferred: 0 };
    for (const { aside } of this.#state.partitions.values()) {
      for (const { marker } of aside.values()) counts[marker.kind] += 1;
    }
    for (const [kind, value] of Object.entries(counts)) {
      yield { value, labels: { target: this.#target, kind } };
    }
  }

  #lag({ topic, partition, acknowledged }: PartitionView): number {
    const end = this.#logEnds.get(partitionName(topic, partition)) ?? acknowledged.offset;
    return Math.max(0, end - acknowledged.offset);
  }

  #lagAgeSeconds(partition: PartitionView): number {
    const { lanes, looseLanes } = partition;
    let oldest = this.#oldestHeldAt(partition) ?? Infinity;
    for (const some of [lanes.values(), looseLanes.values()]) {
      for (const { head } of some) {
        if (head !== null) oldest = Math.min(oldest, head.payload.record.timestampMs);
      }
    }
    return oldest === Infinity ? 0 : Math.max(0, this.#clock.wallNow() - oldest) / 1_000;
  }

  #log(level: "info" | "warn" | "error", message: string, fields: LogFields = {}): void {
    this.#telemetry.log(level, message, { target: this.#target, ...fields });
  }
}

/** Code of a failure, for people. */
function reasonOf(result: AttemptResult): string {
  return "reason" in result ? result.reason : result.kind;
}
