import {
  asOffset,
  asPartition,
  type Offset,
  type StateEntry,
  type StateLog,
  type Topic,
} from "@millrace/engine";
import type { MemoryBroker } from "./memory-broker.ts";

/** The state topic of a {@link MemoryBroker}. */
export class MemoryStateLog implements StateLog {
  readonly #broker: MemoryBroker;
  readonly #topic: Topic;
  readonly #entries = new Map<string, StateEntry>();
  #next = asOffset(0);

  constructor(broker: MemoryBroker, topic: Topic) {
    this.#broker = broker;
    this.#topic = topic;
  }

  /** @inheritdoc */
  append(
    entries: readonly { readonly key: string; readonly value: unknown }[],
  ): Promise<readonly Offset[]> {
    const place = { topic: this.#topic, partition: asPartition(0) };
    return this.#later(() =>
      entries.map(({ key, value }) =>
        this.#broker.append(place, {
          topic: this.#topic,
          key: Buffer.from(key),
          value: value === null ? null : Buffer.from(JSON.stringify(value)),
          headers: {},
        }),
      ),
    );
  }

  /** @inheritdoc */
  readTo(offset: Offset): Promise<void> {
    return this.#later(() => {
      if (offset < this.#next) return;
      const log = this.#broker.log({ topic: this.#topic, partition: asPartition(0) });
      const { records, next } = log.read(this.#next, Infinity);
      this.#next = next;
      for (const { key, value, offset: at } of records) this.#apply(at, { key, value });
    });
  }

  /** @inheritdoc */
  get(key: string): StateEntry | undefined {
    return this.#entries.get(key);
  }

  /** @inheritdoc */
  list(prefix: string): readonly (readonly [key: string, entry: StateEntry])[] {
    return [...this.#entries].filter(([key]) => key.startsWith(prefix));
  }

  /** @inheritdoc */
  close(): Promise<void> {
    return Promise.resolve();
  }

  #apply(
    offset: Offset,
    { key, value }: { readonly key: Uint8Array | null; readonly value: Uint8Array | null },
  ): void {
    if (key === null) return;
    const name = Buffer.from(key).toString();
    if (value === null) {
      this.#entries.delete(name);
      return;
    }
    try {
      const parsed: unknown = JSON.parse(Buffer.from(value).toString());
      this.#entries.set(name, { offset, value: parsed });
    } catch {
      // Not ours.
    }
  }

  #later<Result>(task: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#broker.clock.schedule(0, () => {
        try {
          resolve(task());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }
}
