import {
  MillraceError,
  asOffset,
  type ReplayLog,
  type ReplayPage,
  type ReplayRange,
  type ReplaySlice,
} from "@millrace/engine";
import type { Cluster } from "./cluster.ts";
import type { Machine } from "./machine.ts";

const TIMEOUT_MS = 2_000;

/** Ranges of source partitions read by one process. */
export class SimulatedReplayLog implements ReplayLog {
  readonly #cluster: Cluster;
  readonly #machine: Machine;

  constructor(ports: { readonly cluster: Cluster; readonly machine: Machine }) {
    this.#cluster = ports.cluster;
    this.#machine = ports.machine;
  }

  /** @inheritdoc */
  read(range: ReplayRange, { countMax }: ReplayPage): Promise<ReplaySlice> {
    const log = this.#cluster.log(range);
    return new Promise((resolve, reject) => {
      this.#cluster.send({
        machine: this.#machine,
        kind: "fetch",
        timeoutMs: TIMEOUT_MS,
        apply: (): ReplaySlice => {
          const { startOffset: logStartOffset, endOffset: logEndOffset } = log;
          if (logStartOffset > range.from || logEndOffset < range.to)
            return { kind: "gone", logStartOffset, logEndOffset };
          const { records: found, next } = log.read(range.from, countMax);
          const records = found.filter(({ offset }) => offset < range.to);
          return { kind: "records", records, next: asOffset(Math.min(next, range.to)) };
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
