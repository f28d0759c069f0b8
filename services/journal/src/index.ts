export type { JournalPage, JournalReading } from "./journal-page.ts";
export { createPageReader, type JournalPageReader } from "./page-reader.ts";
