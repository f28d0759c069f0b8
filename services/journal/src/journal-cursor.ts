import { JournalIndexError } from "./index-error.ts";
import type { EntryRow } from "./entry-row.ts";

declare const brand: unique symbol;

/** Where a list of entries goes on: a short text that fits into a URL, and means the same in a rebuilt index. */
export type JournalCursor = string & { readonly [brand]: "JournalCursor" };

const FORM = /^-?\d{1,16}(?:\.\d{1,16}){3}$/u;

/** @throws JournalIndexError `JOURNAL_CURSOR_INVALID`. */
export function parseCursor(text: string): JournalCursor {
  if (FORM.test(text)) return asCursor(text);
  throw new JournalIndexError("JOURNAL_CURSOR_INVALID", `not a cursor of the journal: ${text}`);
}

/** The place behind a row. */
export function cursorAfter(row: EntryRow): JournalCursor {
  const { settled_at, page_partition, page_offset, position } = row;
  return asCursor([settled_at, page_partition, page_offset, position].join("."));
}

/** Time, partition, offset and position of the row that a cursor stands behind. */
export function cursorValues(cursor: JournalCursor): readonly number[] {
  return cursor.split(".").map(Number);
}

function asCursor(text: string): JournalCursor {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- of the form that cursors have
  return text as JournalCursor;
}
