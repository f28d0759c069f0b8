import {
  asOffset,
  type LogSlice,
  type Offset,
  type ParkedLog,
  type TopicPartition,
} from "@millrace/engine";
import type { MemoryBroker } from "./memory-broker.ts";

/** Reads the logs of a {@link MemoryBroker}. */
export class MemoryParkedLog implements ParkedLog {
  readonly #broker: MemoryBroker;

  constructor(broker: MemoryBroker) {
    this.#broker = broker;
  }

  /** @inheritdoc */
  read(partition: TopicPartition, from: Offset, countMax: number): Promise<LogSlice> {
    return new Promise((resolve, reject) => {
      this.#broker.clock.schedule(0, () => {
        try {
          const log = this.#broker.log(partition);
          const start = asOffset(Math.max(from, log.startOffset));
          const { records, next } = log.read(start, countMax);
          resolve({ records, next, isEnd: next >= log.endOffset });
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }

  /** @inheritdoc */
  close(): Promise<void> {
    return Promise.resolve();
  }
}
