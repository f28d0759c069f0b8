import type {
  Assignment,
  AssignedPartition,
  GroupListener,
  Offset,
  PartitionHalt,
  RecordBatch,
  RecordSource,
  SourceRecord,
  TopicPartition,
} from "@millrace/engine";
import { until } from "./until.ts";

/** One thing that a source told, in the order it did. */
export type Told =
  | { readonly kind: "assigned"; readonly assignment: Assignment }
  | { readonly kind: "draining"; readonly reason: "rebalance" | "shutdown" }
  | { readonly kind: "lost"; readonly reason: string }
  | { readonly kind: "records"; readonly batch: RecordBatch }
  | { readonly kind: "halted"; readonly halt: PartitionHalt }
  | { readonly kind: "failed"; readonly error: Error };

/** What a test's listener does besides taking notes; what is left out is the natural thing. */
export interface Conduct {
  /** Where a partition is read from, or null to leave it; default: its commit, else its log start. */
  readonly startOf?: (partition: AssignedPartition) => Offset | null;
  readonly onDraining?: (reason: "rebalance" | "shutdown") => Promise<void>;
}

/** Listens to a source and keeps everything it tells. */
export class RecordingListener implements GroupListener {
  readonly told: Told[] = [];
  readonly #source: RecordSource;
  readonly #conduct: Conduct;

  constructor(source: RecordSource, conduct: Conduct = {}) {
    this.#source = source;
    this.#conduct = conduct;
  }

  /** The last assignment. */
  get assignment(): Assignment {
    const told = this.of("assigned").at(-1);
    if (told === undefined) throw new Error("nothing was assigned yet");
    return told.assignment;
  }

  /** All records, in the order they came. */
  get all(): readonly SourceRecord[] {
    return this.of("records").flatMap(({ batch }) => batch.records);
  }

  of<Kind extends Told["kind"]>(kind: Kind): readonly Extract<Told, { kind: Kind }>[] {
    return this.told.filter((one): one is Extract<Told, { kind: Kind }> => one.kind === kind);
  }

  /** Offsets of one partition, in the order they came. */
  offsets({ topic, partition }: TopicPartition): readonly number[] {
    const own = this.all.filter(
      (record) => record.topic === topic && record.partition === partition,
    );
    return own.map(({ offset }) => offset);
  }

  /** Waits until something was told `count` times. */
  async heard(kind: Told["kind"], count = 1): Promise<void> {
    await until(`${kind} to be told ${count} times`, () => this.of(kind).length >= count, {
      deadlineMs: 30_000,
      seen: () => this.told.map((one) => one.kind).join(" "),
    });
  }

  /** Waits until so many records came. */
  async received(count: number): Promise<void> {
    await until(`${count} records`, () => this.all.length >= count, {
      deadlineMs: 30_000,
      seen: () => `${this.all.length} came`,
    });
  }

  /** @inheritdoc */
  assigned(assignment: Assignment): Promise<void> {
    this.told.push({ kind: "assigned", assignment });
    const { startOf = naturalStart } = this.#conduct;
    for (const partition of assignment.partitions) {
      const start = partition.isContinued ? null : startOf(partition);
      if (start !== null) this.#source.seek(partition, start);
    }
    return Promise.resolve();
  }

  /** @inheritdoc */
  async draining(reason: "rebalance" | "shutdown"): Promise<void> {
    this.told.push({ kind: "draining", reason });
    await this.#conduct.onDraining?.(reason);
  }

  /** @inheritdoc */
  lost(reason: string): void {
    this.told.push({ kind: "lost", reason });
  }

  /** @inheritdoc */
  records(batch: RecordBatch): void {
    this.told.push({ kind: "records", batch });
  }

  /** @inheritdoc */
  halted(halt: PartitionHalt): void {
    this.told.push({ kind: "halted", halt });
  }

  /** @inheritdoc */
  failed(error: Error): void {
    this.told.push({ kind: "failed", error });
  }
}

function naturalStart({ committed, logStartOffset }: AssignedPartition): Offset {
  return committed?.offset ?? logStartOffset;
}
