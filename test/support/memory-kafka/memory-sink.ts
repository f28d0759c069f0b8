import {
  MillraceError,
  asPartition,
  type RecordPosition,
  type RecordSink,
  type SinkRecord,
} from "@millrace/engine";
import type { MemoryBroker } from "./memory-broker.ts";

/** Writes to a {@link MemoryBroker}; a key's partition is its bytes' sum, not Kafka's. */
export class MemorySink implements RecordSink {
  readonly #broker: MemoryBroker;
  #isClosed = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(broker: MemoryBroker) {
    this.#broker = broker;
  }

  /** @inheritdoc */
  append(records: readonly SinkRecord[]): Promise<readonly RecordPosition[]> {
    if (this.#isClosed) {
      return Promise.reject(new MillraceError("PRODUCE_FAILED", "the sink is closed"));
    }
    const written = Promise.withResolvers<readonly RecordPosition[]>();
    this.#broker.clock.schedule(0, () => {
      try {
        written.resolve(records.map((record) => this.#write(record)));
      } catch (error) {
        written.reject(error);
      }
    });
    this.#last = written.promise.catch(() => undefined);
    return written.promise;
  }

  /** @inheritdoc */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#last;
  }

  #write(record: SinkRecord): RecordPosition {
    const { topic } = record;
    const { length } = this.#broker.logs(topic);
    const partition = asPartition(record.partition ?? sumOf(record.key) % length);
    if (partition >= length) {
      throw new MillraceError("PRODUCE_REFUSED", `no such partition: ${topic}/${partition}`);
    }
    return { topic, partition, offset: this.#broker.append({ topic, partition }, record) };
  }
}

function sumOf(key: Uint8Array | null): number {
  return key === null ? 0 : key.reduce((sum, byte) => sum + byte, 0);
}
