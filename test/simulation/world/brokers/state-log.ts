import {
  MillraceError,
  asOffset,
  asPartition,
  type Offset,
  type StateEntry,
  type StateLog,
  type Topic,
} from "@millrace/engine";
import type { Cluster } from "./cluster.ts";
import type { Machine } from "../processes/machine.ts";
import type { SimulatedSink } from "./sink.ts";

const READ_TIMEOUT_MS = 10_000;
const PARTITION = asPartition(0);

/** The state topic as one process sees it: what it has read so far. */
export class SimulatedStateLog implements StateLog {
  readonly #cluster: Cluster;
  readonly #machine: Machine;
  readonly #sink: SimulatedSink;
  readonly #topic: Topic;
  readonly #entries = new Map<string, StateEntry>();
  #next = asOffset(0);

  constructor(ports: {
    readonly cluster: Cluster;
    readonly machine: Machine;
    readonly sink: SimulatedSink;
    readonly topic: Topic;
  }) {
    this.#cluster = ports.cluster;
    this.#machine = ports.machine;
    this.#sink = ports.sink;
    this.#topic = ports.topic;
  }

  /** @inheritdoc */
  async append(
    entries: readonly { readonly key: string; readonly value: unknown }[],
  ): Promise<readonly Offset[]> {
    const positions = await this.#sink.append(
      entries.map(({ key, value }) => ({
        topic: this.#topic,
        partition: PARTITION,
        key: Buffer.from(key),
        value: value === null ? null : Buffer.from(JSON.stringify(value)),
        headers: {},
      })),
    );
    return positions.map(({ offset }) => offset);
  }

  /** @inheritdoc */
  async readTo(offset: Offset): Promise<void> {
    const untilAt = this.#machine.now() + READ_TIMEOUT_MS;
    while (this.#next <= offset) {
      const isRead = await this.#read();
      if (!isRead && this.#machine.now() >= untilAt) {
        throw new MillraceError("BROKER_UNREACHABLE", "the state topic is not read");
      }
    }
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

  /** False when the brokers did not answer. */
  #read(): Promise<boolean> {
    const log = this.#cluster.log({ topic: this.#topic, partition: PARTITION });
    return new Promise((resolve) => {
      this.#cluster.send({
        machine: this.#machine,
        target: null,
        kind: "state",
        isReading: true,
        timeoutMs: 2_000,
        apply: () => log.read(this.#next, Infinity),
        onAnswer: (outcome) => {
          if (!outcome.isOk) {
            this.#machine.schedule(200, () => resolve(false));
            return;
          }
          const { records, next } = outcome.answer;
          for (const { key, value, offset } of records) this.#apply(offset, { key, value });
          this.#next = asOffset(Math.max(this.#next, next));
          resolve(true);
        },
      });
    });
  }

  #apply(
    offset: Offset,
    { key, value }: { readonly key: Uint8Array | null; readonly value: Uint8Array | null },
  ): void {
    if (key === null || offset < this.#next) return;
    const name = Buffer.from(key).toString();
    if (value === null) {
      this.#entries.delete(name);
      return;
    }
    const parsed: unknown = JSON.parse(Buffer.from(value).toString());
    this.#entries.set(name, { offset, value: parsed });
  }
}
