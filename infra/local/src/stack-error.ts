/** What can go wrong with the local stack, each with what to do about it. */
export type StackErrorCode =
  | "JAVA_MISSING"
  | "JAVA_TOO_OLD"
  | "MAVEN_MISSING"
  | "FETCH_FAILED"
  | "DIGEST_MISMATCH"
  | "PORT_TAKEN"
  | "RUNS_ELSEWHERE"
  | "DISK_FULL"
  | "START_FAILED"
  | "LOCKED";

/** An expected failure: `message` says what and where, and ends with `hint`, what to do. */
export class StackError extends Error {
  override readonly name = "StackError";
  readonly code: StackErrorCode;
  readonly hint: string;

  constructor(code: StackErrorCode, text: { readonly message: string; readonly hint: string }) {
    super(`${text.message}\n  ${text.hint}`);
    this.code = code;
    this.hint = text.hint;
  }
}
