/**
 * The upstream: a few producers, each with keys of its own, that send events through the gateway at an even rate and
 * repeat, with the same ids, what was not acknowledged. It owns what was emitted and writes it down.
 */
import { hash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { EmitLine } from "../checker/history.ts";
import type { SeededRandom } from "../support/seeded-random.ts";
import { dataOf, EVENT_SOURCE, EVENT_TYPE, type ChaosEvent } from "./contract.ts";
import type { LineFile } from "./record/line-file.ts";
import { runNow } from "./record/run-clock.ts";

const HOT_KEY = "user-hot";
const PRODUCER_COUNT = 4;
/** Between two requests of a producer, ms. */
const BEAT_MS = 100;
const RETRY_MS = 250;
const ANSWER_MS_MAX = 20_000;

/** How to emit. */
export interface EmissionOptions {
  /** Origin of the gateway. */
  readonly gatewayUrl: string;
  readonly topic: string;
  /** Makes the ids of this run nobody else's. */
  readonly run: string;
  readonly rate: number;
  readonly keyCount: number;
  readonly hotShare: number;
  readonly random: SeededRandom;
  readonly shaOf: (event: ChaosEvent) => string;
  readonly log: LineFile;
}

/** A record that does not come through the gateway. */
export interface ForeignRecord {
  /** Undefined: it has no envelope. */
  readonly id?: string;
  readonly key: string;
  readonly value: Buffer;
}

interface Producer {
  readonly name: string;
  readonly index: number;
  /** Events due and not sent yet, in fractions. */
  due: number;
}

interface Position {
  readonly id: string;
  readonly partition: number;
  readonly offset: string;
}

/** Emits until it is stopped. */
export class Emission {
  readonly #options: EmissionOptions;
  readonly #sequences = new Map<string, number>();
  readonly #events = new Map<string, ChaosEvent>();
  readonly #ending = new AbortController();
  #isAbandoned = false;
  #running: Promise<unknown> = Promise.resolve();
  #acknowledged = 0;

  constructor(options: EmissionOptions) {
    this.#options = options;
  }

  /** Events that the gateway acknowledged. */
  get acknowledgedCount(): number {
    return this.#acknowledged;
  }

  /** Every event by its id, acknowledged or not. */
  get events(): ReadonlyMap<string, ChaosEvent> {
    return this.#events;
  }

  /** The busiest key. */
  get hotKey(): string {
    return HOT_KEY;
  }

  /** All keys that events were emitted of. */
  get keys(): readonly string[] {
    return [...this.#sequences.keys()];
  }

  /** Begins. `onFailed` is told when the gateway refuses for good. */
  start(onFailed: (error: Error) => void): void {
    const producers = Array.from({ length: PRODUCER_COUNT }, (_, index) =>
      this.#produce({ name: `producer-${index}`, index, due: 0 }),
    );
    this.#running = Promise.all(producers).catch((error: unknown) => {
      onFailed(error instanceof Error ? error : new Error(String(error)));
    });
  }

  /** Sends nothing new; resolves when all that was sent is acknowledged. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  /** Ends at once: what is not acknowledged stays so. For a run that is broken off. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#ending.abort();
  }

  /** Writes down what somebody else puts on the topic, so far as it says who it is. */
  noteForeign(records: readonly ForeignRecord[], ev: "invoke" | "ok"): void {
    const at = runNow();
    for (const { id, key, value } of records) {
      if (id === undefined) continue;
      const line: EmitLine = {
        ...{ h: "emit", at, ev, producer: "foreign", id, source: EVENT_SOURCE },
        ...{ topic: this.#options.topic, key, sequence: 0, sha: hash("sha256", value) },
      };
      this.#options.log.append(line);
    }
  }

  async #produce(producer: Producer): Promise<void> {
    const { signal } = this.#ending;
    const perBeat = (this.#options.rate / PRODUCER_COUNT / 1_000) * BEAT_MS;
    let nextAt = performance.now();
    while (!signal.aborted) {
      producer.due += perBeat;
      const events = Array.from({ length: Math.floor(producer.due) }, () => this.#draw(producer));
      producer.due -= events.length;
      if (events.length > 0) await this.#sendUntilTaken(producer, events);
      // After an outage it goes on at its rate: a backlog here would be a load test.
      nextAt = Math.max(nextAt + BEAT_MS, performance.now());
      await delay(nextAt - performance.now());
    }
  }

  #draw({ index }: Producer): ChaosEvent {
    const { random, keyCount, hotShare, run } = this.#options;
    const isHot = index === 0 && random.chance(hotShare * PRODUCER_COUNT);
    const own = random.below(Math.ceil(keyCount / PRODUCER_COUNT));
    const key = isHot ? HOT_KEY : `user-${own * PRODUCER_COUNT + index}`;
    const sequence = this.#sequences.get(key) ?? 0;
    this.#sequences.set(key, sequence + 1);
    const event = { id: `${run}-${this.#events.size}`, key, sequence };
    this.#events.set(event.id, event);
    return event;
  }

  async #sendUntilTaken(producer: Producer, events: readonly ChaosEvent[]): Promise<void> {
    const shas = events.map((event) => this.#options.shaOf(event));
    const note = (ev: EmitLine["ev"], positions: readonly Position[] = []): void => {
      const at = runNow();
      for (const [index, event] of events.entries()) {
        const position = positions[index];
        const line: EmitLine = {
          ...{ h: "emit", at, ev, producer: producer.name, source: EVENT_SOURCE },
          ...{ topic: this.#options.topic, ...event, sha: shas[index] ?? "" },
          ...(position === undefined
            ? {}
            : { partition: position.partition, offset: Number(position.offset) }),
        };
        this.#options.log.append(line);
      }
    };
    for (;;) {
      note("invoke");
      const positions = await this.#send(events);
      if (positions !== null) {
        note("ok", positions);
        this.#acknowledged += events.length;
        return;
      }
      note("info");
      if (this.#isAbandoned) return;
      await delay(RETRY_MS);
    }
  }

  /** Resolves to null when it is unknown what became of them. @throws Error when the gateway refuses for good. */
  async #send(events: readonly ChaosEvent[]): Promise<readonly Position[] | null> {
    const bodies = events.map((event) => ({
      ...{ id: event.id, source: EVENT_SOURCE, type: EVENT_TYPE, data: dataOf(event) },
    }));
    const response = await fetch(`${this.#options.gatewayUrl}/v1/events`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ events: bodies }),
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    }).catch(() => null);
    const text = await response?.text().catch(() => null);
    if (response === null || text === null || text === undefined) return null;
    if (response.status >= 500) return null;
    if (response.status !== 202)
      throw new Error(`the gateway answered ${response.status}: ${text}`);
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the gateway's contract, checked below
    const { accepted } = JSON.parse(text) as { readonly accepted: readonly Position[] };
    const isWhole = events.every(({ id }, index) => accepted[index]?.id === id);
    if (!isWhole) throw new Error(`the gateway acknowledged other events than were sent: ${text}`);
    return accepted;
  }
}
