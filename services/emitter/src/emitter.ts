import type { Offset, PartitionId, Topic } from "@millrace/engine";
import type { EventContracts } from "@millrace/schemas";

/** Names of the events of a map such as `EventMap` of `@millrace/schemas`. */
export type EventType<Events extends EventContracts> = keyof Events & string;

/** What an event may say besides its type and data. What is left out is made, or left out on the wire. */
export interface EmitAttributes {
  /** Default: a new UUIDv7. Give the event's own when it may be emitted again: an event keeps its id. */
  readonly id?: string;
  /** Who says it, a URI reference. Default: the emitter's `source`; one of both must be given. */
  readonly source?: string;
  /** RFC 3339. Default: now. */
  readonly time?: string;
  /** The record key: events of one key stay in order. Default: the catalog's key field of the data. */
  readonly key?: string;
  readonly subject?: string;
  /** Default: `default`. */
  readonly tenant?: string;
  /** W3C trace context of the caller: the parent of the `send` span, or carried as it is where there are no spans. */
  readonly traceparent?: string;
  readonly tracestate?: string;
  /** CloudEvents extensions: names of lower-case letters and digits. */
  readonly extensions?: Readonly<Record<string, string>>;
}

/** One event of a batch. */
export type EmitEvent<Events extends EventContracts> = {
  readonly [Type in EventType<Events>]: {
    readonly type: Type;
    readonly data: Events[Type]["write"];
  } & EmitAttributes;
}[EventType<Events>];

/** Proof that the brokers hold an event (acks=all). */
export interface Receipt {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly topic: Topic;
  readonly partition: PartitionId;
  readonly offset: Offset;
  /** How often it was written, from 1. Above 1 it may stand at further offsets too, with the same identity. */
  readonly sends: number;
}

/**
 * Emits events to Kafka. Events of one key are written in the order of the calls, also when a write fails and is
 * repeated. Every method may be called at any time, concurrently.
 */
export interface Emitter<Events extends EventContracts> extends AsyncDisposable {
  /**
   * Resolves when the brokers acknowledged the event.
   * @throws MillraceError `EMIT_INVALID` (`details.problems` with JSON pointers), `EMIT_UNKNOWN_TYPE`,
   *   `EMIT_TOO_LARGE`, `EMIT_CLOSED`; retryable: `EMIT_BUFFER_FULL` (it was not sent), `EMIT_UNACKNOWLEDGED` (it may
   *   stand in the log: emit it again with `details.ids`); `TOPIC_MISSING` and `PRODUCE_REFUSED` from the brokers.
   */
  emit<Type extends EventType<Events>>(
    type: Type,
    data: Events[Type]["write"],
    attributes?: EmitAttributes,
  ): Promise<Receipt>;
  /**
   * Emits events in order, after all have been checked: one invalid event and none is sent. Receipts come in the order
   * given. When it rejects later, any part may stand in the log; `details.unacknowledged` has the indexes of the others.
   * @throws MillraceError as `emit`; pointers of problems begin with the event's index.
   */
  emitBatch(events: readonly EmitEvent<Events>[]): Promise<readonly Receipt[]>;
  /** Resolves when every event taken so far is acknowledged or given up. Never rejects: each `emit` tells its own end. */
  flush(): Promise<void>;
  /** Takes no more, flushes, disconnects. Idempotent. Lasts at most `timeoutMs` plus the disconnecting. */
  close(): Promise<void>;
}
