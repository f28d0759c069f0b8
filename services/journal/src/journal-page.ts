import type { JournalEntry, JournalSkip, TargetId } from "@millrace/engine";

/** What one record of the journal tells. */
export interface JournalPage {
  readonly target: TargetId;
  /** In the order in which the deliveries settled. */
  readonly entries: readonly JournalEntry[];
  readonly skipped: readonly JournalSkip[];
}

/** A page, or why there is none: `detail` is for people. */
export type JournalReading =
  | { readonly kind: "page"; readonly page: JournalPage }
  | { readonly kind: "unreadable"; readonly detail: string };
