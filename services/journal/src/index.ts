export { JournalIndexError, type JournalIndexErrorCode } from "./index-error.ts";
export type { IndexedEntry, IndexedSkip } from "./indexed-entry.ts";
export { parseCursor, type JournalCursor } from "./journal-cursor.ts";
export type { JournalAnswer, RangeHistory } from "./journal-finder.ts";
export {
  JournalIndex,
  type IndexStatus,
  type JournalIndexOptions,
  type UnreadableRecord,
} from "./journal-index.ts";
export type { JournalPage, JournalReading } from "./journal-page.ts";
export { LIMIT_MAX, type JournalQuery } from "./journal-query.ts";
export type { CatchUpOptions, IndexProgress } from "./log-follower.ts";
export { createPageReader, type JournalPageReader } from "./page-reader.ts";
export { RANGE_OFFSETS_MAX, type JournalRange } from "./range-query.ts";
export type { EventPlace } from "./sql-terms.ts";
