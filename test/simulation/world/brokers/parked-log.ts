import {
  asOffset,
  type LogSlice,
  type Offset,
  type ParkedLog,
  type TopicPartition,
} from "@millrace/engine";
import { fetchLog, type LogPorts } from "./fetch-log.ts";

/** Logs read on demand by one process. */
export class SimulatedParkedLog implements ParkedLog {
  readonly #ports: LogPorts;

  constructor(ports: LogPorts) {
    this.#ports = ports;
  }

  /** @inheritdoc */
  read(partition: TopicPartition, from: Offset, countMax: number): Promise<LogSlice> {
    const log = this.#ports.cluster.log(partition);
    return fetchLog(this.#ports, () => {
      const { records, next } = log.read(asOffset(Math.max(from, log.startOffset)), countMax);
      return { records, next, isEnd: next >= log.endOffset };
    });
  }

  /** @inheritdoc */
  close(): Promise<void> {
    return Promise.resolve();
  }
}
