import {
  asOffset,
  type ReplayLog,
  type ReplayPage,
  type ReplayRange,
  type ReplaySlice,
} from "@millrace/engine";
import { fetchLog, type LogPorts } from "./fetch-log.ts";

/** Ranges of source partitions read by one process. */
export class SimulatedReplayLog implements ReplayLog {
  readonly #ports: LogPorts;

  constructor(ports: LogPorts) {
    this.#ports = ports;
  }

  /** @inheritdoc */
  read(range: ReplayRange, { countMax }: ReplayPage): Promise<ReplaySlice> {
    const log = this.#ports.cluster.log(range);
    return fetchLog(this.#ports, (): ReplaySlice => {
      const { startOffset: logStartOffset, endOffset: logEndOffset } = log;
      if (logStartOffset > range.from || logEndOffset < range.to)
        return { kind: "gone", logStartOffset, logEndOffset };
      const { records: found, next } = log.read(range.from, countMax);
      const records = found.filter(({ offset }) => offset < range.to);
      return { kind: "records", records, next: asOffset(Math.min(next, range.to)) };
    });
  }

  /** @inheritdoc */
  close(): Promise<void> {
    return Promise.resolve();
  }
}
