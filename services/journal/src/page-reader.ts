/**
 * Reads records of the journal: written by whatever schema their frame names, read as the schema of this version. So
 * older pages stay readable when fields are added, and what a newer writer adds is left aside.
 */
import { JOURNAL_RECORD, JOURNAL_SCHEMA } from "@millrace/engine";
import {
  createDecoder,
  type DecodeResult,
  type LocatedRecord,
  type Registry,
} from "@millrace/schemas";
import type { JournalReading } from "./journal-page.ts";
import { PageFault, pageOf } from "./raw-page.ts";

/** Reads pages one after the other. */
export interface JournalPageReader {
  /**
   * Asks the registry for the schema of a record where that is new to it.
   * @throws SchemaError `REGISTRY_UNREACHABLE` (retry) or `REGISTRY_REFUSED`.
   */
  prepare(record: LocatedRecord): Promise<void>;
  /** Reads a record that was prepared for. Never throws because of the record. */
  decode(record: LocatedRecord): JournalReading;
  /** Both in one. */
  read(record: LocatedRecord): Promise<JournalReading>;
}

/** Schemas that are known to be there, or not; beyond it they are asked for again. */
const PREPARED_MAX = 1_000;

/** A reader with a memory of the schemas it has met. */
export function createPageReader(registry: Registry): JournalPageReader {
  const decoder = createDecoder(registry, {
    envelope: "derive",
    readerSchemas: new Map([[JOURNAL_RECORD, JOURNAL_SCHEMA]]),
    // Who looks on is told at once what the registry does not know.
    unknownGraceMs: 0,
  });
  const prepared = new Set<number>();
  const prepare = async ({ value }: LocatedRecord): Promise<void> => {
    const schemaId = value === null ? null : schemaIdOf(value);
    if (schemaId === null || prepared.has(schemaId)) return;
    await decoder.load(schemaId);
    if (prepared.size >= PREPARED_MAX) prepared.clear();
    prepared.add(schemaId);
  };
  const decode = (record: LocatedRecord): JournalReading => {
    // Field by field: what a fetch gives makes key and value when it is asked for them.
    const { topic, partition, offset, timestampMs, key, value } = record;
    const place = { topic, partition, offset, timestampMs };
    return readingOf(decoder.decode({ ...place, key, value, headers: {} }));
  };
  const read = async (record: LocatedRecord): Promise<JournalReading> => {
    await prepare(record);
    return decode(record);
  };
  return { prepare, decode, read };
}

/** Null: the value has no frame. */
function schemaIdOf(value: Uint8Array): number | null {
  if (value.length < 5 || value[0] !== 0) return null;
  return new DataView(value.buffer, value.byteOffset).getUint32(1);
}

function readingOf(result: DecodeResult): JournalReading {
  switch (result.kind) {
    case "schema-needed":
      return unreadable(`schema ${result.schemaId} cannot be had`);
    case "undecodable":
      return unreadable(result.detail);
    case "event": {
      const { type, data } = result.event;
      if (type !== JOURNAL_RECORD) return unreadable(`it is a ${type}`);
      try {
        return { kind: "page", page: pageOf(data) };
      } catch (error) {
        if (error instanceof PageFault) return unreadable(error.message);
        throw error;
      }
    }
  }
}

function unreadable(detail: string): JournalReading {
  return { kind: "unreadable", detail: `no page of the journal: ${detail}` };
}
