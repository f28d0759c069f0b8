/**
 * The emitter: checks and encodes at once, then hands events through the bounded room to their topic's lane.
 *
 * E1 an event that was refused (`EMIT_INVALID`, `EMIT_TOO_LARGE`, ...) was never sent, nor was any other of its batch.
 * E2 what was taken ends: acknowledged, or given up at its deadline. E3 events enter their lane in the order of the
 * calls. There is one timer for all deadlines, running while anything is open.
 */
import {
  MillraceError,
  type Cancel,
  type Clock,
  type Entropy,
  type RecordSink,
  type Telemetry,
} from "@millrace/engine";
import type { Catalog, Encoder, EventContracts } from "@millrace/schemas";
import { batchError } from "./emit-error.ts";
import type { EmitAttributes, EmitEvent, Emitter, EventType, Receipt } from "./emitter.ts";
import { EventPreparer, type AnyEvent, type PreparedEvent } from "./event-preparer.ts";
import type { EmitterLimits } from "./options.ts";
import { PendingEvent } from "./pending-event.ts";
import { Room } from "./room.ts";
import { Submission } from "./submission.ts";
import { TopicLane } from "./topic-lane.ts";

/** What an emitter is made of. */
export interface EmitterParts {
  readonly catalog: Catalog;
  readonly encoder: Encoder;
  readonly sink: RecordSink;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly telemetry: Telemetry;
  readonly limits: EmitterLimits;
  /** The `source` of events that name none; null when each must. */
  readonly source: string | null;
}

/** See the file's header. */
export class BufferedEmitter<Events extends EventContracts> implements Emitter<Events> {
  readonly #parts: EmitterParts;
  readonly #preparer: EventPreparer;
  readonly #room: Room;
  readonly #lanes = new Map<string, TopicLane>();
  readonly #open = new Set<Submission>();
  readonly #gauges: readonly Cancel[];
  #cancelSweep: Cancel | null = null;
  #closing: Promise<void> | null = null;

  constructor(parts: EmitterParts) {
    const { bufferEventsMax, bufferBytesMax } = parts.limits;
    this.#parts = parts;
    this.#preparer = new EventPreparer(parts);
    this.#room = new Room({ eventsMax: bufferEventsMax, bytesMax: bufferBytesMax });
    this.#gauges = observe(parts.telemetry, this.#room);
  }

  async emit<Type extends EventType<Events>>(
    type: Type,
    data: Events[Type]["write"],
    attributes: EmitAttributes = {},
  ): Promise<Receipt> {
    this.#assertOpen();
    const prepared = this.#preparer.prepare({ ...attributes, type, data });
    const [receipt] = await this.#submit([prepared]);
    if (receipt === undefined) throw new MillraceError("INVARIANT_BROKEN", "emit: no receipt");
    return receipt;
  }

  async emitBatch(events: readonly EmitEvent<Events>[]): Promise<readonly Receipt[]> {
    this.#assertOpen();
    if (events.length === 0) return [];
    return this.#submit(this.#prepareAll(events));
  }

  async flush(): Promise<void> {
    await Promise.allSettled([...this.#open].map(({ done }) => done));
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #end(): Promise<void> {
    await this.flush();
    for (const cancel of this.#gauges) cancel();
    await this.#parts.sink.close();
  }

  #assertOpen(): void {
    if (this.#closing === null) return;
    throw new MillraceError("EMIT_CLOSED", "emit: the emitter is closed");
  }

  #prepareAll(events: readonly AnyEvent[]): readonly PreparedEvent[] {
    const prepared: PreparedEvent[] = [];
    const failures: [number, MillraceError][] = [];
    for (const [index, event] of events.entries()) {
      try {
        prepared.push(this.#preparer.prepare(event));
      } catch (error) {
        if (!(error instanceof MillraceError)) throw error;
        failures.push([index, error]);
      }
    }
    if (failures.length === 0) return prepared;
    const error = batchError(failures);
    for (const { span } of prepared) span.end(error.code);
    throw error;
  }

  async #submit(events: readonly PreparedEvent[]): Promise<readonly Receipt[]> {
    const submission = new Submission(events.map(({ id }) => id));
    this.#open.add(submission);
    this.#admit(events, submission);
    try {
      return await submission.done;
    } finally {
      this.#open.delete(submission);
      if (this.#open.size === 0) this.#stopSweeping();
    }
  }

  #admit(events: readonly PreparedEvent[], submission: Submission): void {
    const { clock, limits } = this.#parts;
    const deadlineAt = clock.now() + limits.timeoutMs;
    const pending = events.map((event, index) =>
      pendingEvent(event, { index, deadlineAt, submission }),
    );
    const failAll = (error: MillraceError): void => {
      for (const event of pending) event.fail(error);
    };
    const group = {
      count: pending.length,
      bytes: pending.reduce((sum, { bytes }) => sum + bytes, 0),
      deadlineAt,
      enter: () => {
        for (const event of pending) this.#laneOf(event.record.topic).push(event);
      },
      giveUp: () => failAll(full("the buffer had no room in time")),
    };
    if (!this.#room.admits(group)) {
      failAll(
        new MillraceError(
          "EMIT_TOO_LARGE",
          `batch exceeds the buffer: ${group.count} events, ${group.bytes} bytes`,
        ),
      );
    } else if (!this.#room.tryEnter(group)) {
      const waits = limits.onFull === "wait" && this.#room.tryWait(group);
      if (!waits) failAll(full("the buffer has no room"));
    }
    this.#keepSweeping();
  }

  #laneOf(topic: string): TopicLane {
    const known = this.#lanes.get(topic);
    if (known !== undefined) return known;
    const { sink, clock, entropy } = this.#parts;
    const lane = new TopicLane(topic, {
      sink,
      clock,
      entropy,
      left: ({ bytes }) => this.#room.leave(bytes),
    });
    this.#lanes.set(topic, lane);
    return lane;
  }

  /** Deadlines are looked at a few times within a timeout: one timer, however many events. */
  #keepSweeping(): void {
    if (this.#cancelSweep !== null || this.#open.size === 0) return;
    const { clock, limits } = this.#parts;
    this.#cancelSweep = clock.schedule(limits.timeoutMs / SWEEPS_A_TIMEOUT, () => {
      this.#cancelSweep = null;
      const now = clock.now();
      // Who waits for room first: an event that is given up frees some, and what enters then must not be late already.
      this.#room.expire(now);
      for (const lane of this.#lanes.values()) lane.expire(now);
      this.#keepSweeping();
    });
  }

  #stopSweeping(): void {
    this.#cancelSweep?.();
    this.#cancelSweep = null;
  }
}

/** A deadline is noticed after at most this part of the timeout. */
const SWEEPS_A_TIMEOUT = 20;

function full(why: string): MillraceError {
  return new MillraceError("EMIT_BUFFER_FULL", `emit: ${why}`);
}

function pendingEvent(
  event: PreparedEvent,
  of: { readonly index: number; readonly deadlineAt: number; readonly submission: Submission },
): PendingEvent {
  const { id, source, type, span, record, bytes } = event;
  const { index, deadlineAt, submission } = of;
  return new PendingEvent(record, {
    bytes,
    deadlineAt,
    end: {
      acknowledged({ topic, partition, offset }, sends) {
        span.set({
          "messaging.destination.partition.id": String(partition),
          "messaging.kafka.offset": offset,
        });
        span.end();
        submission.succeed(index, { id, source, type, topic, partition, offset, sends });
      },
      failed(error) {
        span.end(error.code);
        submission.fail(error);
      },
    },
  });
}

function observe(telemetry: Telemetry, room: Room): readonly Cancel[] {
  const gauge = (name: string, description: string, read: () => number): Cancel =>
    telemetry.gauge(name, description, () => [{ value: read() }]);
  return [
    gauge(
      "millrace.emitter.buffered.events",
      "events accepted by emit and not yet acknowledged",
      () => room.events,
    ),
    gauge("millrace.emitter.buffered.bytes", "their keys and values", () => room.bytes),
  ];
}
