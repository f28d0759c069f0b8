/** What a driver tells people: metrics, spans and log lines of one target. Changes nothing. */
import type { AttemptResult } from "../core/attempt-result.ts";
import type { Delivery } from "../core/delivery.ts";
import type { Outcome } from "../core/effect.ts";
import type { TargetId } from "../core/identity.ts";
import type { PartitionState } from "../core/partition.ts";
import { partitionName, type EngineState } from "../core/state.ts";
import type {
  Assignment,
  Cancel,
  Clock,
  Counter,
  Histogram,
  LogFields,
  Measurement,
  PartitionHalt,
  PreparedEvent,
  RecordBatch,
  Span,
  Telemetry,
} from "../ports.ts";

type EventDelivery = Delivery<PreparedEvent>;
type PartitionView = PartitionState<PreparedEvent>;

/** An attempt's end, as it is reported. */
export interface AttemptReport {
  readonly result: AttemptResult;
  readonly span: Span;
  readonly durationMs: number;
}

/** Reports one target. */
export class Reporter {
  readonly #target: TargetId;
  readonly #telemetry: Telemetry;
  readonly #clock: Clock;
  readonly #state: Readonly<EngineState<PreparedEvent>>;
  readonly #attempts: Counter;
  readonly #events: Counter;
  readonly #deadLetters: Counter;
  readonly #rebalances: Counter;
  readonly #latency: Histogram;
  readonly #duration: Histogram;
  readonly #gauges: readonly Cancel[];
  readonly #logEnds = new Map<string, number>();
  readonly #processSpans = new WeakMap<EventDelivery, Span>();

  constructor(
    target: TargetId,
    { telemetry, clock }: { readonly telemetry: Telemetry; readonly clock: Clock },
    state: Readonly<EngineState<PreparedEvent>>,
  ) {
    this.#target = target;
    this.#telemetry = telemetry;
    this.#clock = clock;
    this.#state = state;
    this.#attempts = telemetry.counter("millrace.delivery.attempts", "HTTP calls made");
    this.#events = telemetry.counter("millrace.delivery.events", "deliveries ended");
    this.#deadLetters = telemetry.counter("millrace.dlq.messages", "dead letters written");
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

  portFailed(what: string, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#log("warn", `could not ${what}; trying again`, { error: message });
  }

  held(reason: string, forMs: number): void {
    this.#log("warn", "target waits", { reason, forMs: Math.round(forMs) });
  }

  released(): void {
    this.#log("info", "target goes on");
  }

  /** Begins the CLIENT span of an attempt, under the delivery's CONSUMER span. */
  attemptStarted(delivery: EventDelivery): Span {
    const { payload } = delivery;
    const process = this.#processSpan(delivery);
    return this.#telemetry.startSpan(payload.request?.method ?? "HTTP", {
      kind: "client",
      parent: process.context,
      attributes: {
        "http.request.method": payload.request?.method ?? "",
        "http.request.resend_count": delivery.attemptCount - 1,
        "millrace.target": this.#target,
      },
    });
  }

  attemptEnded(delivery: EventDelivery, { result, span, durationMs }: AttemptReport): void {
    const target = this.#target;
    const status = "status" in result ? result.status : null;
    if (status !== null) span.set({ "http.response.status_code": status });
    const isFailure = result.kind !== "delivered";
    span.end(isFailure ? errorType(result) : undefined);
    const statusClass = status === null ? "none" : `${Math.floor(status / 100)}xx`;
    this.#attempts.add(1, { target, outcome: result.kind, status_class: statusClass });
    this.#duration.record(durationMs / 1_000, { target, status_class: statusClass });
    if (!isFailure) return;
    this.#log("info", "attempt failed", {
      ...this.#identity(delivery),
      outcome: result.kind,
      error: errorType(result),
      status,
      durationMs: Math.round(durationMs),
    });
  }

  settled(delivery: EventDelivery | null, outcome: Outcome): void {
    const target = this.#target;
    this.#events.add(1, { target, outcome: outcome.replace("-", "_") });
    if (delivery === null) return;
    const span = this.#processSpans.get(delivery);
    this.#processSpans.delete(delivery);
    span?.end(outcome === "delivered" ? undefined : delivery.givenUp?.reason);
    if (outcome === "delivered") {
      const ageMs = this.#clock.wallNow() - delivery.payload.record.timestampMs;
      this.#latency.record(Math.max(0, ageMs) / 1_000, { target });
      return;
    }
    this.#deadLetters.add(1, { target, reason: delivery.givenUp?.reason ?? "none" });
    this.#log("error", "dead-lettered", {
      ...this.#identity(delivery),
      reason: delivery.givenUp?.reason,
      error: delivery.givenUp?.detail,
    });
  }

  #processSpan(delivery: EventDelivery): Span {
    const open = this.#processSpans.get(delivery);
    if (open !== undefined) return open;
    const { payload, partition, offset } = delivery;
    const { traceparent, tracestate } = payload;
    const span = this.#telemetry.startSpan(`process ${partition.topic}`, {
      kind: "consumer",
      parent: traceparent === null ? null : { traceparent, tracestate },
      attributes: {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": partition.topic,
        "messaging.destination.partition.id": String(partition.partition),
        "messaging.consumer.group.name": `millrace.${this.#target}`,
        "messaging.kafka.offset": offset,
        "messaging.message.id": payload.id ?? "",
      },
    });
    this.#processSpans.set(delivery, span);
    return span;
  }

  #identity(delivery: EventDelivery): LogFields {
    const { payload, partition, offset, attemptCount } = delivery;
    const context = this.#processSpans.get(delivery)?.context?.traceparent ?? payload.traceparent;
    return {
      eventId: payload.id,
      type: payload.type,
      topic: partition.topic,
      partition: partition.partition,
      offset,
      attempt: attemptCount,
      traceId: context?.split("-")[1] ?? null,
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
      gauge("millrace.inflight", "attempts in flight", () => [
        { value: this.#state.inFlightCount, labels: { target } },
      ]),
      gauge("millrace.limiter.limit", "attempts that may be in flight", () => [
        { value: this.#state.slotCount, labels: { target } },
      ]),
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

  #lag({ topic, partition, acknowledged }: PartitionView): number {
    const end = this.#logEnds.get(partitionName(topic, partition)) ?? acknowledged.offset;
    return Math.max(0, end - acknowledged.offset);
  }

  #lagAgeSeconds({ lanes, looseLanes }: PartitionView): number {
    let oldest = Infinity;
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

function errorType(result: AttemptResult): string {
  return "reason" in result ? result.reason : result.kind;
}
