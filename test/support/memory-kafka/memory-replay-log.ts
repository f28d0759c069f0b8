import {
  asOffset,
  type ReplayLog,
  type ReplayPage,
  type ReplayRange,
  type ReplaySlice,
} from "@millrace/engine";
import type { MemoryBroker } from "./memory-broker.ts";

/** Reads ranges of the logs of a {@link MemoryBroker}. */
export class MemoryReplayLog implements ReplayLog {
  readonly #broker: MemoryBroker;

  constructor(broker: MemoryBroker) {
    this.#broker = broker;
  }

  /** @inheritdoc */
  read(range: ReplayRange, page: ReplayPage): Promise<ReplaySlice> {
    return new Promise((resolve, reject) => {
      this.#broker.clock.schedule(0, () => {
        try {
          resolve(this.#slice(range, page));
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

  #slice(range: ReplayRange, { countMax, bytesMax }: ReplayPage): ReplaySlice {
    const { from, to } = range;
    const log = this.#broker.log(range);
    const { startOffset: logStartOffset, endOffset: logEndOffset } = log;
    if (logStartOffset > from || logEndOffset < to) {
      return { kind: "gone", logStartOffset, logEndOffset };
    }
    const found = log.read(from, countMax).records.filter(({ offset }) => offset < to);
    let bytes = 0;
    let count = 0;
    for (const { key, value } of found) {
      count += 1;
      bytes += (key?.length ?? 0) + (value?.length ?? 0);
      if (bytes >= bytesMax) break;
    }
    const records = found.slice(0, count);
    const last = records.at(-1);
    const isFull = last !== undefined && (count === countMax || bytes >= bytesMax);
    return { kind: "records", records, next: isFull ? asOffset(last.offset + 1) : to };
  }
}
