/** What can be wrong with an index or with a question to it. */
export type JournalIndexErrorCode =
  | "JOURNAL_CURSOR_INVALID"
  | "JOURNAL_FILE_FOREIGN"
  | "JOURNAL_FILE_UNUSABLE"
  | "JOURNAL_LOG_UNSTEADY";

/**
 * Raised by an index on purpose.
 * `JOURNAL_CURSOR_INVALID`: a cursor that no index gave. `JOURNAL_FILE_FOREIGN`: the file is something else and is left as
 * it is. `JOURNAL_FILE_UNUSABLE`: it cannot be opened, or is damaged; deleting it costs nothing but the time to read the topic
 * again. `JOURNAL_LOG_UNSTEADY`: the log or the file changed too often while it was read; try again.
 */
export class JournalIndexError extends Error {
  override readonly name = "JournalIndexError";
  readonly code: JournalIndexErrorCode;

  constructor(code: JournalIndexErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}
