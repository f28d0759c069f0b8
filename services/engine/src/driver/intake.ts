/**
 * The way of records from the source into the engine: held per partition, prepared, handed over a chunk at a time so
 * that nothing else waits long. Holds the source back when too much is held. Records of partitions that are not open
 * here are dropped: they are read again by whoever owns them.
 */
import type { NewRecord } from "../core/lanes/delivery.ts";
import type { Offset, TopicPartition } from "../core/lanes/identity.ts";
import { partitionName } from "../core/state.ts";
import type { PreparedEvent, RecordBatch } from "../ports.ts";
import { Inbox } from "./inbox.ts";
import { newRecord } from "./new-record.ts";
import { PORT_RETRY_MS, type DriverPorts } from "./options.ts";
import type { Reporter } from "./reporter.ts";

/** Records handed to the engine in one step, and bytes after which no more are added. */
const CHUNK_COUNT_MAX = 32;
const CHUNK_BYTES_MAX = 262_144;

/** What the intake hands over to, and asks. */
export interface IntakeOwner {
  /** Takes records into the engine. */
  readonly take: (partition: TopicPartition, records: readonly NewRecord<PreparedEvent>[]) => void;
  /** The lowest offset that the engine has not taken; null when it does not own the partition. */
  readonly nextOffset: (partition: TopicPartition) => Offset | null;
}

/** Feeds one target's engine. */
export class Intake {
  readonly #owner: IntakeOwner;
  readonly #ports: Pick<DriverPorts, "clock" | "preparer" | "source">;
  readonly #reporter: Reporter;
  readonly #inboxes = new Map<string, Inbox>();
  #isPumping = false;
  /** Since the event loop has turned for it: events and their bytes. */
  #preparedCount = 0;
  #preparedBytes = 0;

  constructor(
    owner: IntakeOwner,
    ports: Pick<DriverPorts, "clock" | "preparer" | "source">,
    reporter: Reporter,
  ) {
    this.#owner = owner;
    this.#ports = ports;
    this.#reporter = reporter;
  }

  /** Takes records of a partition in, from its next one on. */
  open({ topic, partition }: TopicPartition): void {
    this.#inboxes.set(partitionName(topic, partition), new Inbox(topic, partition));
    this.#ports.source.resume({ topic, partition });
  }

  /** Goes on with a partition that was open in the generation before; says anew what the source should do. */
  keep(partition: TopicPartition): void {
    const inbox = this.#find(partition);
    if (inbox !== undefined)
      this.#ports.source[inbox.isSourcePaused ? "pause" : "resume"](partition);
  }

  /** Drops what is held of a partition and takes no more. */
  close({ topic, partition }: TopicPartition): void {
    this.#inboxes.delete(partitionName(topic, partition));
  }

  closeAll(): void {
    this.#inboxes.clear();
  }

  /** Epoch ms of the first record that is held of a partition; null when none is. */
  oldestHeldAt(partition: TopicPartition): number | null {
    return this.#find(partition)?.peek()?.timestampMs ?? null;
  }

  push(batch: RecordBatch): void {
    const inbox = this.#find(batch);
    if (inbox === undefined) return;
    inbox.push(batch);
    this.#reporter.fetched(batch);
    this.pump();
  }

  /** Whether the engine has room for more of a partition. */
  setRoom(partition: TopicPartition, room: "full" | "free"): void {
    const inbox = this.#find(partition);
    if (inbox === undefined) return;
    inbox.isClosed = room === "full";
    if (room === "free") this.#ports.clock.schedule(0, () => this.pump());
  }

  /**
   * Feeds the engine, a chunk of each partition; behind about a chunk of events the event loop turns, for answers wait
   * meanwhile. The next round begins with those that were left out, also where the engine is full before all had theirs.
   */
  pump(): void {
    if (this.#isPumping) return;
    let isMoreLeft = false;
    for (const [name, inbox] of [...this.#inboxes]) {
      if (inbox.isReady && !this.#hasDoneEnough()) {
        this.#feed(inbox);
        this.#putLast(name, inbox);
      }
      this.#steerSource(inbox);
      isMoreLeft ||= inbox.isReady;
    }
    if (!isMoreLeft && !this.#hasDoneEnough()) return;
    this.#isPumping = true;
    this.#ports.clock.schedule(0, () => {
      this.#isPumping = false;
      this.#preparedCount = 0;
      this.#preparedBytes = 0;
      this.pump();
    });
  }

  #hasDoneEnough(): boolean {
    return this.#preparedCount >= CHUNK_COUNT_MAX || this.#preparedBytes >= CHUNK_BYTES_MAX;
  }

  /** Unless feeding it ended its membership. */
  #putLast(name: string, inbox: Inbox): void {
    if (this.#inboxes.get(name) !== inbox) return;
    this.#inboxes.delete(name);
    this.#inboxes.set(name, inbox);
  }

  #feed(inbox: Inbox): void {
    const from = this.#owner.nextOffset(inbox);
    if (from === null) return;
    const records: NewRecord<PreparedEvent>[] = [];
    let bytes = 0;
    while (records.length < CHUNK_COUNT_MAX && bytes < CHUNK_BYTES_MAX) {
      const record = inbox.peek();
      if (record === undefined) break;
      // Fetched again after a rebalance: known already, so not worth its preparation.
      if (record.offset >= from) {
        const preparation = this.#ports.preparer.prepare(record);
        if (preparation.kind === "schema-needed") {
          this.#awaitSchema(inbox, preparation.schemaId);
          break;
        }
        const made = newRecord(record, preparation);
        if (made.kind === "matched") {
          bytes += made.bytes;
          this.#preparedCount += 1;
        }
        records.push(made);
      }
      inbox.shift();
    }
    this.#preparedBytes += bytes;
    if (records.length > 0) this.#owner.take(inbox, records);
  }

  /** A registry that does not answer holds the partition; nothing is given up for it. */
  #awaitSchema(inbox: Inbox, schemaId: number): void {
    const { clock, preparer } = this.#ports;
    inbox.isAwaitingSchema = true;
    const goOnAfter = (delayMs: number): void => {
      clock.schedule(delayMs, () => {
        inbox.isAwaitingSchema = false;
        this.pump();
      });
    };
    preparer.loadSchema(schemaId).then(
      () => goOnAfter(0),
      (error: unknown) => {
        this.#reporter.portFailed(`load schema ${schemaId}`, error);
        goOnAfter(PORT_RETRY_MS);
      },
    );
  }

  #steerSource(inbox: Inbox): void {
    const { wish } = inbox;
    if (wish === "as-is") return;
    inbox.isSourcePaused = wish === "pause";
    this.#ports.source[wish](inbox);
  }

  #find({ topic, partition }: TopicPartition): Inbox | undefined {
    return this.#inboxes.get(partitionName(topic, partition));
  }
}
