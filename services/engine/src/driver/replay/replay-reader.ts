import type { NewRecord } from "../../core/lanes/delivery.ts";
import type { ReadingFailure, ReplayFound, ReplayReading } from "../../core/replay/replay.ts";
import type { Preparation, PreparedEvent, SourceRecord } from "../../ports.ts";
import { newRecord } from "../new-record.ts";
import type { DriverPorts } from "../options.ts";

/** Records prepared in one go, so that answers and heartbeats never wait long. */
const CHUNK_COUNT_MAX = 32;

type Reading = ReplayReading<PreparedEvent>;
type Found = ReplayFound<PreparedEvent>;

/** Which records of a range a job means; the others are not part of it, and not counted, whatever the filter says of them. */
export type ReplaySelect = (record: SourceRecord) => boolean;

/** Reads the ranges of a target's replays, and prepares their records as live ones are. */
export class ReplayReader {
  readonly #ports: Pick<DriverPorts, "clock" | "preparer" | "replayLog">;

  constructor(ports: Pick<DriverPorts, "clock" | "preparer" | "replayLog">) {
    this.#ports = ports;
  }

  /**
   * Makes one reading.
   * @throws MillraceError of the ports; may be repeated.
   */
  async read(
    reading: Reading,
    select: ReplaySelect,
  ): Promise<Found | Extract<ReadingFailure, { kind: "gone" }>> {
    const { replay, from, to, countMax, bytesMax } = reading;
    const { topic, partition } = replay.plan;
    const page = { countMax, bytesMax };
    const slice = await this.#ports.replayLog.read({ topic, partition, from, to }, page);
    if (slice.kind === "gone") return slice;
    const records: NewRecord<PreparedEvent>[] = [];
    for (const [index, record] of slice.records.entries()) {
      if (index > 0 && index % CHUNK_COUNT_MAX === 0) await this.#breathe();
      if (select(record)) records.push(await this.#prepare(record));
    }
    return { reading, records, next: slice.next };
  }

  async #prepare(record: SourceRecord): Promise<NewRecord<PreparedEvent>> {
    for (;;) {
      const preparation: Preparation = this.#ports.preparer.prepare(record);
      if (preparation.kind !== "schema-needed") return newRecord(record, preparation);
      await this.#ports.preparer.loadSchema(preparation.schemaId);
    }
  }

  #breathe(): Promise<void> {
    return new Promise((resolve) => {
      this.#ports.clock.schedule(0, resolve);
    });
  }
}
