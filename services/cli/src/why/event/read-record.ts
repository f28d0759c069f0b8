import type { EnvelopeFact, RecordFact } from "@millrace/diagnosis";
import { asOffset, asTopic, MillraceError, type SourceRecord } from "@millrace/engine";
import type { EventPlace } from "@millrace/journal";
import type { LogReader } from "@millrace/kafka";
import { readEnvelope, type Envelope } from "@millrace/schemas";
import { CliError } from "../../cli-error.ts";
import { EXIT } from "../../exit-code.ts";
import { keyText } from "../../tail/tail-item.ts";
import { partitionOf } from "./asked-event.ts";

/** How long a record may take to come, ms: a person waits for it. */
const READ_TIMEOUT_MS = 5_000;

/** What records are read with. */
export type RecordReader = Pick<LogReader, "ranges" | "read">;

/** A record, or why there is none. */
export type FoundRecord = SourceRecord | "gone" | "none";

/**
 * Reads the record at a place. One that retention deleted is `gone`; where the log ends before, or has left it out
 * (compaction, the end of a transaction), there is `none`.
 * @throws MillraceError of the reader; CliError where it does not come in time.
 */
export async function readRecord(reader: RecordReader, place: EventPlace): Promise<FoundRecord> {
  const ranges = await reader.ranges(asTopic(place.topic));
  const range = ranges.find(({ partition }) => partition === place.partition);
  if (range === undefined || place.offset >= range.logEndOffset) return "none";
  if (place.offset < range.logStartOffset) return "gone";
  const patience = AbortSignal.timeout(READ_TIMEOUT_MS);
  const from = asOffset(place.offset);
  const part = { ...partitionOf(place), from, to: asOffset(from + 1) };
  try {
    for await (const { records } of reader.read([part], patience)) {
      const found = records.find(({ offset }) => offset === place.offset);
      if (found !== undefined) return found;
    }
  } catch (error) {
    if (error instanceof MillraceError && error.code === "OFFSETS_GONE") return "gone";
    throw error;
  }
  if (!patience.aborted) return "none";
  const { topic, partition, offset } = place;
  throw new CliError(EXIT.partial, `${topic}:${partition}:${offset} did not come in 5 s`, {
    hint: "a transaction is open there, or its broker does not answer: try again",
  });
}

/**
 * Makes sure that a place is in the log, or was.
 * @throws CliError for a partition or an offset that is not there.
 */
export async function assertInLog(reader: RecordReader, place: EventPlace): Promise<void> {
  const { topic, partition, offset } = place;
  const ranges = await reader.ranges(asTopic(topic));
  const range = ranges.find((one) => one.partition === partition);
  if (range === undefined) {
    throw new CliError(EXIT.notFound, `${topic} has no partition ${partition}`, {
      hint: `it has ${ranges.length}, from 0 on`,
    });
  }
  const { logStartOffset, logEndOffset } = range;
  if (offset < logEndOffset) return;
  throw new CliError(EXIT.notFound, `${topic}:${partition} has no offset ${offset} yet`, {
    hint: `its log goes from ${logStartOffset} up to ${logEndOffset}`,
  });
}

/** What the story is told of a record. */
export function recordFact(found: FoundRecord): RecordFact | "gone" | "none" {
  if (typeof found === "string") return found;
  const envelope = readEnvelope(found);
  return {
    at: found.timestampMs,
    key: keyText(found.key),
    envelope: envelope === null ? null : envelopeFact(envelope),
  };
}

function envelopeFact(envelope: Envelope): EnvelopeFact {
  const { id, source, type, subject, time, traceparent, extensions } = envelope;
  const causationId = extensions["causationid"] ?? null;
  const correlationId = extensions["correlationid"] ?? null;
  return { id, source, type, subject, time, causationId, correlationId, traceparent };
}
