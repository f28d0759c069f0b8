import type { AnswerBody } from "./attempt-sender.ts";
import type { PreparedEvent } from "./event-preparer.ts";

/** A body as the journal shows it. */
export interface JournalBody {
  /** Cut, and what nobody may see masked; null: nothing of it is shown. */
  readonly text: string | null;
  /** Bytes as they were sent, or came in before an answer was broken off. */
  readonly byteCount: number;
  /** Why there is no text, one of {@link WITHHELD} or of a later version; null where there is one. */
  readonly withheld: string | null;
}

/** Why a body is not shown. */
export const WITHHELD = {
  /** It repeats what the call proved itself with. */
  credentials: "CREDENTIALS",
  /** It could hold personal data, and only JSON can be masked. */
  notJson: "NOT_JSON",
  /** It is no UTF-8. */
  notText: "NOT_TEXT",
  /** What in it is personal data cannot be told. */
  personal: "PERSONAL",
  /** It could hold personal data, and is too long to look through. */
  tooLong: "TOO_LONG",
} as const;

/** Which bodies of a target the journal shows, and how. */
export interface JournalBodies {
  /** Of attempts that failed, or of all. */
  readonly attempts: "all" | "failures";
  /** Bytes of a text at most, besides the mark that it is cut; at most {@link JOURNAL_BODY_BYTES_MAX}. */
  readonly bytesMax: number;
  /** The request's body, the same for every attempt of an event; null for none. Never throws. */
  request(event: PreparedEvent): JournalBody | null;
  /** The body of an answer to the event's request; null for an empty one. Never throws. */
  answer(event: PreparedEvent, body: AnswerBody): JournalBody | null;
}

/** With bodies of this size a page has room for the longest entry. */
export const JOURNAL_BODY_BYTES_MAX = 16_384;
