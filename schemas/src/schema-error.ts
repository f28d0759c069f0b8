/** Every code a {@link SchemaError} can carry. Only `REGISTRY_UNREACHABLE` is worth trying again unchanged. */
export type SchemaErrorCode =
  | "CATALOG_INVALID"
  | "CATALOG_MISSING"
  | "SCHEMA_INVALID"
  | "SCHEMA_INCOMPATIBLE"
  | "EVENT_INVALID"
  | "EVENT_TYPE_UNKNOWN"
  | "REGISTRY_UNREACHABLE"
  | "REGISTRY_REFUSED"
  | "SCHEMA_UNKNOWN";

/** One thing wrong with a value, and where: `pointer` is an RFC 6901 JSON pointer into what was checked. */
export interface FieldProblem {
  readonly pointer: string;
  readonly detail: string;
}

/** A field problem that stands in a file; lines and columns count from 1. */
export interface FileProblem extends FieldProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What a {@link SchemaError} carries beside its message. */
export interface SchemaErrorOptions {
  readonly cause?: unknown;
  readonly problems?: readonly (FieldProblem | FileProblem)[];
}

/** Any error this workspace raises on purpose. The message is lower case and holds no payload values. */
export class SchemaError extends Error {
  override readonly name = "SchemaError";
  readonly code: SchemaErrorCode;
  /** All problems found, not only the first; empty where the message says it all. */
  readonly problems: readonly (FieldProblem | FileProblem)[];

  constructor(code: SchemaErrorCode, message: string, options: SchemaErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.problems = options.problems ?? [];
  }

  /** Whether trying the same again may succeed. */
  get retryable(): boolean {
    return this.code === "REGISTRY_UNREACHABLE";
  }
}

/** What an unknown thing says of itself, for a message or a `detail`. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether a file's error is that it is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
