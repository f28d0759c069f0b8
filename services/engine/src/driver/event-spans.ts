import type { Delivery } from "../core/lanes/delivery.ts";
import type { TargetId } from "../core/lanes/identity.ts";
import { Bag, type Bagged } from "../bag.ts";
import { DROPPED } from "./journal/journal-entry.ts";
import type { PreparedEvent, Span, Telemetry, TraceContext } from "../ports.ts";

type EventDelivery = Delivery<PreparedEvent>;
type Attributes = Readonly<Record<string, string | number | boolean>>;

interface OpenSpan extends Bagged {
  readonly delivery: EventDelivery;
  readonly span: Span;
}

/** `error.type` of a delivery that this process gave up because its epoch ended. */
const EPOCH_ENDED = "EPOCH_ENDED";

/**
 * The spans of one target: `process <topic>` (CONSUMER) from a delivery's first attempt to its outcome, child of the
 * span that the record names, and under it one CLIENT span an attempt. So one trace leads from the emitter to the target.
 * Source: OpenTelemetry semantic conventions, messaging (Kafka) and HTTP client spans.
 */
export class EventSpans {
  readonly #telemetry: Telemetry;
  readonly #target: TargetId;
  readonly #groupId: string;
  readonly #open = new Bag<OpenSpan>();
  readonly #openOf = new WeakMap<EventDelivery, OpenSpan>();
  #server: { readonly origin: string; readonly attributes: Attributes } | null = null;

  constructor(telemetry: Telemetry, target: TargetId, groupId: string) {
    this.#telemetry = telemetry;
    this.#target = target;
    this.#groupId = groupId;
  }

  /** Deliveries whose span is open. */
  get openCount(): number {
    return this.#open.size;
  }

  /** Begins the span of an attempt. Path and query stay out: they may hold what is masked. */
  attempt(delivery: EventDelivery): Span {
    const { request } = delivery.payload;
    const method = request?.method ?? "HTTP";
    const resendCount = delivery.attemptCount - 1;
    return this.#telemetry.startSpan(method, {
      kind: "client",
      parent: this.#process(delivery).context,
      attributes: () => ({
        "http.request.method": method,
        ...this.#serverOf(request?.url ?? ""),
        ...(resendCount > 0 ? { "http.request.resend_count": resendCount } : {}),
        "millrace.target": this.#target,
      }),
    });
  }

  /** Ends a delivery's span; `error` is its `error.type`. */
  settle(delivery: EventDelivery, error: string | undefined): void {
    const open = this.#openOf.get(delivery);
    if (open === undefined) return;
    open.span.end(error);
    this.#open.delete(open);
    this.#openOf.delete(delivery);
  }

  /** The span of an event that people dropped: without an attempt, so that its trace tells how it ended. */
  drop(delivery: EventDelivery): void {
    this.#process(delivery);
    this.settle(delivery, DROPPED);
  }

  /** Ends the spans of deliveries whose epoch is over. */
  endEpochs(): void {
    for (const { delivery } of this.#open) {
      if (!delivery.partition.isOwned) this.settle(delivery, EPOCH_ENDED);
    }
  }

  /** The trace of a delivery: of its own span, or else of its record; null without. */
  contextOf({ payload }: EventDelivery, span?: Span): TraceContext | null {
    if (span !== undefined) return span.context;
    const { traceparent, tracestate } = payload;
    return traceparent === null ? null : { traceparent, tracestate };
  }

  /** The trace id to name in log lines. */
  traceIdOf(delivery: EventDelivery): string | null {
    const context = this.contextOf(delivery, this.#openOf.get(delivery)?.span);
    if (context === null) return null;
    return context.traceId ?? context.traceparent.split("-")[1] ?? null;
  }

  #process(delivery: EventDelivery): Span {
    const open = this.#openOf.get(delivery);
    if (open !== undefined) return open.span;
    const { payload, partition, offset, lane } = delivery;
    const span = this.#telemetry.startSpan(`process ${partition.topic}`, {
      kind: "consumer",
      parent: this.contextOf(delivery),
      attributes: () => ({
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": partition.topic,
        "messaging.destination.partition.id": String(partition.partition),
        "messaging.consumer.group.name": this.#groupId,
        "messaging.kafka.offset": offset,
        ...(payload.id === null ? {} : { "messaging.message.id": payload.id }),
        ...(payload.record.value === null ? { "messaging.kafka.message.tombstone": true } : {}),
        ...(lane.replay === null ? {} : { "millrace.replay": lane.replay.plan.job }),
        "millrace.target": this.#target,
      }),
    });
    const opened: OpenSpan = { delivery, span, place: -1 };
    this.#open.add(opened);
    this.#openOf.set(delivery, opened);
    return span;
  }

  /** A target has one origin, so its address is taken apart once. */
  #serverOf(url: string): Attributes {
    if (this.#server !== null && url.startsWith(this.#server.origin))
      return this.#server.attributes;
    if (!URL.canParse(url)) return {};
    const { origin, hostname, port, protocol } = new URL(url);
    const defaultPort = protocol === "https:" ? 443 : 80;
    const attributes = {
      "server.address": hostname,
      "server.port": port === "" ? defaultPort : Number(port),
      "url.scheme": protocol.slice(0, -1),
    };
    this.#server = { origin: `${origin}/`, attributes };
    return attributes;
  }
}
