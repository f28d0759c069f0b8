/**
 * The events of one topic, on their way to the sink.
 *
 * Owns: their order, what is handed to the sink together, repeats, deadlines. Does not own: the buffer's bounds.
 * L1 one `append` is open at a time and repeats are made before anything later is sent, so that events of a key are
 * written in the order they came. L2 an event that is given up takes the events of its key that wait behind it along:
 * were they written, emitting it again would put it behind them. L3 an event leaves (`left`) exactly once, when no
 * `append` that holds it is open: until then its memory is in use.
 */
import {
  MillraceError,
  type Clock,
  type Entropy,
  type RecordPosition,
  type RecordSink,
} from "@millrace/engine";
import { fromSinkError, unacknowledged } from "./emit-error.ts";
import type { PendingEvent } from "./pending-event.ts";

/** What a lane works with. */
export interface LanePorts {
  readonly sink: RecordSink;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** An event is out of the lane; its room is free. */
  readonly left: (event: PendingEvent) => void;
}

/**
 * Bytes of one `append`: a partition's records travel as one batch, which brokers limit to 1 MiB by default. A single
 * event may be larger.
 */
const APPEND_BYTES_MAX = 1024 * 1024 - 64 * 1024;
/** Events of one `append`: bounds what is written twice when it fails. */
const APPEND_EVENTS_MAX = 2_000;
const BACKOFF_BASE_MS = 50;
const BACKOFF_CAP_MS = 2_000;

/** See the file's header. */
export class TopicLane {
  readonly #topic: string;
  readonly #ports: LanePorts;
  #queue: PendingEvent[] = [];
  #inFlight: readonly PendingEvent[] = [];
  #isRunning = false;
  #lastError: unknown = undefined;

  constructor(topic: string, ports: LanePorts) {
    this.#topic = topic;
    this.#ports = ports;
  }

  /** Takes an event behind all others. Never throws; the event tells its own end. */
  push(event: PendingEvent): void {
    this.#queue.push(event);
    if (this.#isRunning) return;
    this.#isRunning = true;
    // Not at once: what is emitted in the same breath travels together.
    queueMicrotask(() => void this.#run());
  }

  /** Gives up what is late at `now`, and what waits behind it under the same key. */
  expire(now: number): void {
    const lateLanes = new Set<string>();
    for (const event of [...this.#inFlight, ...this.#queue]) {
      const isLate = event.deadlineAt <= now;
      if (!isLate && (event.lane === null || !lateLanes.has(event.lane))) continue;
      if (event.isSettled) continue;
      if (event.lane !== null) lateLanes.add(event.lane);
      event.fail(unacknowledged(this.#topic, this.#lastError));
    }
    const given = this.#queue.filter((event) => event.isSettled);
    this.#queue = this.#queue.filter((event) => !event.isSettled);
    for (const event of given) this.#ports.left(event);
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) await this.#send(this.#take());
    this.#isRunning = false;
  }

  #take(): PendingEvent[] {
    let bytes = 0;
    let count = 0;
    for (const event of this.#queue) {
      bytes += event.bytes;
      if (count === APPEND_EVENTS_MAX || (count > 0 && bytes > APPEND_BYTES_MAX)) break;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  /** Sends until every event of the batch is settled. */
  async #send(batch: PendingEvent[]): Promise<void> {
    let open = batch;
    for (let failures = 0; open.length > 0; failures += 1) {
      const error = await this.#append(open);
      if (error === undefined) return;
      if (isRefusal(error) && open.length > 1) {
        open = this.#firstHalf(open);
      } else if (isRetryable(error)) {
        await this.#backOff(failures);
        open = this.#dropSettled(open);
      } else {
        this.#end(open, (event) => event.fail(fromSinkError(this.#topic, error)));
        return;
      }
    }
  }

  /** One record of several can never be written: it is found by halves, in order, so that it alone fails. */
  #firstHalf(events: readonly PendingEvent[]): PendingEvent[] {
    const middle = Math.ceil(events.length / 2);
    this.#queue = [...events.slice(middle), ...this.#queue];
    return events.slice(0, middle);
  }

  /** Writes; what it returns is why that failed. */
  async #append(events: PendingEvent[]): Promise<unknown> {
    this.#inFlight = events;
    for (const event of events) event.sends += 1;
    try {
      const positions = await this.#ports.sink.append(events.map(({ record }) => record));
      this.#lastError = undefined;
      this.#end(events, (event, index) => settle(event, positions[index]));
      return undefined;
    } catch (error) {
      this.#lastError = error;
      return error;
    }
  }

  #end(
    events: readonly PendingEvent[],
    settleOne: (event: PendingEvent, at: number) => void,
  ): void {
    this.#inFlight = [];
    events.forEach((event, index) => {
      settleOne(event, index);
      this.#ports.left(event);
    });
  }

  #dropSettled(events: readonly PendingEvent[]): PendingEvent[] {
    const open = events.filter((event) => !event.isSettled);
    this.#inFlight = open;
    for (const event of events) if (event.isSettled) this.#ports.left(event);
    return open;
  }

  /** Full jitter: what failed together does not come back together. */
  #backOff(failures: number): Promise<void> {
    const { clock, entropy } = this.#ports;
    const ceilingMs = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** Math.min(failures, 16));
    const delayMs = (ceilingMs * entropy()) / 2 ** 32;
    return new Promise((resolve) => {
      clock.schedule(delayMs, resolve);
    });
  }
}

function settle(event: PendingEvent, position: RecordPosition | undefined): void {
  if (position !== undefined) event.acknowledge(position);
  else event.fail(new MillraceError("INVARIANT_BROKEN", "record sink: a position is missing"));
}

function isRetryable(error: unknown): boolean {
  return error instanceof MillraceError && error.retryable;
}

function isRefusal(error: unknown): boolean {
  return error instanceof MillraceError && error.disposition === "dead-letter";
}
