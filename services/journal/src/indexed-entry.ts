import type { JournalEntry, JournalSkip, TargetId } from "@millrace/engine";

/** A settled delivery, with the target whose it was. */
export interface IndexedEntry extends JournalEntry {
  readonly target: TargetId;
}

/** Offsets that a target's filter left out. */
export interface IndexedSkip extends JournalSkip {
  readonly target: TargetId;
  /** When the brokers took the page that tells of them, epoch ms; the filter was asked shortly before. */
  readonly toldAt: number;
}
