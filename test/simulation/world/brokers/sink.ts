import {
  MillraceError,
  asPartition,
  type PartitionId,
  type RecordPosition,
  type RecordSink,
  type SinkRecord,
} from "@millrace/engine";
import type { BrokerFaults } from "../plan/fault-plan.ts";
import type { Cluster } from "./cluster.ts";
import type { Machine } from "../processes/machine.ts";
import { ownBytes } from "./own-bytes.ts";

/** How long a record waits for its acknowledgement before its call fails, ms. */
const DEADLINE_MS = 8_000;
const RETRY_MS = 100;

/** What a sink works with. */
export interface SinkPorts {
  readonly cluster: Cluster;
  readonly machine: Machine;
  /** Whose driver writes; null: all of the process. */
  readonly target: string | null;
  /** Names its channel and its faults. */
  readonly kind: keyof BrokerFaults;
  /** Dead letters and parked events that weigh more are refused (own-bytes.ts). */
  readonly recordBytesMax: number;
  /** Told of each record that stands in a log, when it does. */
  readonly onWritten: (record: SinkRecord, position: RecordPosition) => void;
}

/** Acknowledged writes on simulated brokers; a call that fails may have been written. */
export class SimulatedSink implements RecordSink {
  readonly #ports: SinkPorts;
  #isClosed = false;

  constructor(ports: SinkPorts) {
    this.#ports = ports;
  }

  /** @inheritdoc */
  append(records: readonly SinkRecord[]): Promise<readonly RecordPosition[]> {
    if (this.#isClosed) return Promise.reject(failed("the sink is closed"));
    const { machine } = this.#ports;
    const large = records.findIndex((record) => this.#isTooLarge(record));
    const fitting = large === -1 ? records : records.slice(0, large);
    const written = new Promise<readonly RecordPosition[]>((resolve, reject) => {
      this.#try(fitting, { resolve, reject, deadlineAt: machine.now() + DEADLINE_MS });
    });
    if (large === -1) return written;
    // A batch is halved until its refused record is alone: what is before that stands by then, and nothing behind it.
    return written.then(() => {
      throw new MillraceError("PRODUCE_REFUSED", "record is too large");
    });
  }

  /** @inheritdoc */
  close(): Promise<void> {
    this.#isClosed = true;
    return Promise.resolve();
  }

  #isTooLarge(record: SinkRecord): boolean {
    const { kind, recordBytesMax } = this.#ports;
    return kind === "produce" && ownBytes(record) > recordBytesMax;
  }

  /** One batch: unreachable brokers are tried again; one that may stand in the log is not, its call fails in time. */
  #try(
    records: readonly SinkRecord[],
    call: {
      readonly resolve: (positions: readonly RecordPosition[]) => void;
      readonly reject: (error: MillraceError) => void;
      readonly deadlineAt: number;
    },
  ): void {
    const { cluster, machine, target, kind } = this.#ports;
    const sentAt = machine.now();
    cluster.send({
      machine,
      target,
      kind,
      timeoutMs: Math.max(0, call.deadlineAt - sentAt),
      apply: () => records.map((record) => this.#write(record)),
      applyPart: (share) => this.#writePart(records, share),
      onAnswer: (outcome) => {
        if (outcome.isOk) return call.resolve(outcome.answer);
        const isRefused = machine.now() - sentAt < RETRY_MS;
        if (!isRefused || machine.now() + RETRY_MS > call.deadlineAt) {
          return call.reject(failed("no acknowledgement in time"));
        }
        machine.schedule(RETRY_MS, () => this.#try(records, call));
      },
    });
  }

  /** Those of each partition are written in their order, so of each the first ones stand. */
  #writePart(records: readonly SinkRecord[], share: number): void {
    for (const record of records.slice(0, Math.round(records.length * share))) this.#write(record);
  }

  #write(record: SinkRecord): RecordPosition {
    const { topic } = record;
    const { cluster, onWritten } = this.#ports;
    const partition = this.#partitionOf(record);
    const position = { topic, partition, offset: cluster.append({ topic, partition }, record) };
    onWritten(record, position);
    return position;
  }

  #partitionOf({ topic, partition, key }: SinkRecord): PartitionId {
    const count = this.#ports.cluster.logs(topic).length;
    let sum = 0;
    for (const byte of key ?? []) sum += byte;
    return asPartition(partition ?? sum % count);
  }
}

function failed(why: string): MillraceError {
  return new MillraceError("PRODUCE_FAILED", why);
}
