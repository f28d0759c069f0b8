import {
  MillraceError,
  asOffset,
  type LogSlice,
  type Offset,
  type ParkedLog,
  type TopicPartition,
} from "@millrace/engine";
import type { Cluster } from "./cluster.ts";
import type { Machine } from "./machine.ts";

const TIMEOUT_MS = 2_000;

/** Logs read on demand by one process. */
export class SimulatedParkedLog implements ParkedLog {
  readonly #cluster: Cluster;
  readonly #machine: Machine;

  constructor(ports: { readonly cluster: Cluster; readonly machine: Machine }) {
    this.#cluster = ports.cluster;
    this.#machine = ports.machine;
  }

  /** @inheritdoc */
  read(partition: TopicPartition, from: Offset, countMax: number): Promise<LogSlice> {
    const log = this.#cluster.log(partition);
    return new Promise((resolve, reject) => {
      this.#cluster.send({
        machine: this.#machine,
        kind: "fetch",
        timeoutMs: TIMEOUT_MS,
        apply: (): LogSlice => {
          const { records, next } = log.read(asOffset(Math.max(from, log.startOffset)), countMax);
          return { records, next, isEnd: next >= log.endOffset };
        },
        onAnswer: (outcome) => {
          if (outcome.isOk) resolve(outcome.answer);
          else reject(new MillraceError("BROKER_UNREACHABLE", "the brokers did not answer"));
        },
      });
    });
  }

  /** @inheritdoc */
  close(): Promise<void> {
    return Promise.resolve();
  }
}
