import type { OpenDeadLetter } from "@millrace/jobs";
import type { Column } from "../output/table.ts";
import { recordKeyText } from "./key-text.ts";

/** An open dead letter, as it is printed. */
export interface LetterItem {
  /** The event's place in its source; offsets are text. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  /** UTF-8, else hex; null where there is none. */
  readonly key: string | null;
  readonly id: string | null;
  readonly source: string | null;
  readonly type: string | null;
  readonly reason: string;
  readonly error: string;
  readonly status: number | null;
  readonly attempts: number;
  readonly firstFailedAt: string | null;
  readonly lastFailedAt: string | null;
  /** When it was given up. */
  readonly givenUpAt: string;
  readonly redrives: number;
  /** What becomes of later events of its key. */
  readonly later: OpenDeadLetter["later"];
  /** Where the dead letter stands: partition and offset of the target's dead-letter topic. */
  readonly letter: { readonly partition: number; readonly offset: string };
}

/** The item of a dead letter. */
export function letterItem(letter: OpenDeadLetter): LetterItem {
  const { topic, partition, offset, id, source, type, reason, error, later, at } = letter;
  return {
    ...{ topic, partition, offset: String(offset), key: recordKeyText(letter.key) },
    ...{ id, source, type, reason, error },
    status: letter.httpStatus,
    attempts: letter.attemptCount,
    firstFailedAt: letter.firstFailedAt,
    lastFailedAt: letter.lastFailedAt,
    givenUpAt: new Date(at.timestampMs).toISOString(),
    redrives: letter.redriveCount,
    later,
    letter: { partition: at.partition, offset: String(at.offset) },
  };
}

/** Where an event stands, as it may be written on a command line. */
export function placeText({
  topic,
  partition,
  offset,
}: Pick<LetterItem, "partition" | "topic"> & { readonly offset: number | string }): string {
  return `${topic}:${partition}:${offset}`;
}

/** The table of dead letters. */
export const LETTER_COLUMNS: readonly Column<LetterItem>[] = [
  { name: "given up", cell: ({ givenUpAt }) => givenUpAt },
  { name: "event", cell: placeText },
  { name: "key", cell: ({ key }) => key ?? "-" },
  { name: "type", cell: ({ type }) => type ?? "-" },
  { name: "reason", cell: ({ reason, error }) => `${reason}: ${error}` },
  { name: "attempts", cell: ({ attempts }) => String(attempts), align: "right" },
  { name: "redrives", cell: ({ redrives }) => String(redrives), align: "right" },
  { name: "later events", cell: ({ later }) => later },
];
