/** Emits the events of a world: all at once, or at an even pace, each with the time when it was due. */
import { setTimeout as delay } from "node:timers/promises";
import { createEmitter, type EmitEvent, type Emitter } from "@millrace/emitter";
import { plainConnection } from "@millrace/kafka";
import { eventOf, EVENT_TYPE, FILLER_KEY, FILLER_TYPE, type MeasuredContract } from "./event.ts";

type Contracts = Readonly<Record<typeof EVENT_TYPE | typeof FILLER_TYPE, MeasuredContract>>;

/** The servers. */
export interface BenchServers {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
}

/** Events emitted in one call. */
const BATCH = 1_000;

/** Emits to the topic of one catalog. */
export class Emission implements AsyncDisposable {
  readonly #emitter: Emitter<Contracts>;
  readonly #keyCount: number;

  private constructor(emitter: Emitter<Contracts>, keyCount: number) {
    this.#emitter = emitter;
    this.#keyCount = keyCount;
  }

  /** Connects. */
  static async open(
    { brokers, registryUrl }: BenchServers,
    of: { readonly catalogPath: string; readonly keyCount: number },
  ): Promise<Emission> {
    const emitter = await createEmitter<Contracts>({
      connection: plainConnection(brokers, "millrace-bench"),
      registry: registryUrl,
      catalog: of.catalogPath,
      source: "urn:millrace:bench",
    });
    return new Emission(emitter, of.keyCount);
  }

  /** Emits the events with numbers below `count` as fast as brokers take them, so many fillers behind each. */
  async all(count: number, fillersPerEvent = 0): Promise<void> {
    let batch: EmitEvent<Contracts>[] = [];
    for (let number = 0; number < count; number += 1) {
      batch.push({ type: EVENT_TYPE, data: eventOf(number, this.#keyCount) });
      for (let index = 0; index < fillersPerEvent; index += 1) {
        // Each has a key of its own, so that all partitions have their share.
        const userId = `${FILLER_KEY}-${number * fillersPerEvent + index}`;
        batch.push({ type: FILLER_TYPE, data: { ...eventOf(number, this.#keyCount), userId } });
      }
      if (batch.length < BATCH && number < count - 1) continue;
      await this.#emitter.emitBatch(batch);
      batch = [];
    }
  }

  /** Emits them at an even pace; what this process was late with says when it was due. */
  async paced(count: number, perSec: number): Promise<void> {
    const beganAt = performance.timeOrigin + performance.now();
    const open = new Set<Promise<unknown>>();
    for (let number = 0; number < count;) {
      const now = performance.timeOrigin + performance.now();
      const dueCount = Math.min(count, Math.floor(((now - beganAt) * perSec) / 1_000) + 1);
      for (; number < dueCount; number += 1) {
        const dueAt = Math.round((beganAt + (number * 1_000) / perSec) * 1_000);
        const sending = this.#emitter.emit(EVENT_TYPE, eventOf(number, this.#keyCount, dueAt));
        open.add(sending);
        // What is sent is forgotten, or the collector would go through it all; what fails stays, and is told at the end.
        sending.then(
          () => open.delete(sending),
          () => undefined,
        );
      }
      await delay(1);
    }
    await Promise.all(open);
  }

  /** Disconnects. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#emitter.close();
  }
}
