/** What follows from an error: try again, give the event up, stop the target or process, or drop and count. */
export type Disposition = "retry" | "dead-letter" | "halt" | "abandon";

interface ErrorFact {
  readonly disposition: Disposition;
  readonly meaning: string;
  readonly action: string;
}

const fact = (disposition: Disposition, meaning: string, action: string): ErrorFact => ({
  disposition,
  meaning,
  action,
});

/** The one table of error codes: what each means and what the operator does. */
export const ERRORS = {
  CONFIG_INVALID: fact("halt", "the configuration does not hold", "fix the named lines"),
  CONFIG_MISSING: fact("halt", "a configuration file is not there", "check its path"),
  CONFIG_UNREADABLE: fact("halt", "a configuration file cannot be read", "check path and rights"),
  BROKER_UNREACHABLE: fact("retry", "no broker answers", "check KAFKA_BROKERS and the brokers"),
  BROKER_REFUSED: fact("halt", "the brokers refuse this client", "check credentials and rights"),
  REGISTRY_UNREACHABLE: fact("retry", "the schema registry does not answer", "check the registry"),
  SCHEMA_UNKNOWN: fact("dead-letter", "the registry has no such schema id", "find the producer"),
  DECODE_FAILED: fact("dead-letter", "a record is no valid event", "find the producer"),
  ENVELOPE_MISSING: fact(
    "dead-letter",
    "a record has no ce_ headers",
    "set input.envelope: derive",
  ),
  MAPPING_FAILED: fact("dead-letter", "the mapping failed on an event", "fix the mapping, redrive"),
  COMMIT_FENCED: fact(
    "abandon",
    "the generation of a commit is over",
    "nothing: the new owner goes on",
  ),
  CLAIM_LOST: fact(
    "abandon",
    "another process has claimed a partition",
    "nothing: the new owner goes on",
  ),
  COMMIT_FAILED: fact("retry", "a commit was not acknowledged", "check the brokers"),
  PRODUCE_FAILED: fact("retry", "a write was not acknowledged", "check the brokers"),
  PRODUCE_REFUSED: fact("dead-letter", "a record can never be written", "make the event smaller"),
  TOPIC_MISSING: fact("halt", "a topic does not exist", "run millrace init"),
  TOPIC_INVALID: fact("halt", "a topic cannot be made as asked", "fix its settings"),
  LOG_UNREADABLE: fact("halt", "records cannot be read", "look at the batch it names"),
  OFFSETS_GONE: fact("halt", "committed offsets or records are gone", "decide where to go on"),
  EMIT_CLOSED: fact("halt", "the emitter is closed", "emit before close"),
  EMIT_BUFFER_FULL: fact("retry", "the emitter holds its most", "slow down, or await each emit"),
  EMIT_INVALID: fact("halt", "the event does not fit its schema", "fix the event"),
  EMIT_UNKNOWN_TYPE: fact("halt", "the catalog has no such event type", "add it to the catalog"),
  EMIT_TOO_LARGE: fact("halt", "the event exceeds the size limit", "make the event smaller"),
  EMIT_UNACKNOWLEDGED: fact(
    "retry",
    "the brokers did not acknowledge",
    "emit again with the same id",
  ),
  INVARIANT_BROKEN: fact("halt", "an invariant does not hold", "report it with the message"),
} as const satisfies Record<string, ErrorFact>;

/** A code of the table. */
export type ErrorCode = keyof typeof ERRORS;

/** Any error that Millrace raises on purpose. The message is `<what failed>: <which one> (<value>)`, no secrets. */
export class MillraceError extends Error {
  override readonly name = "MillraceError";
  readonly code: ErrorCode;
  readonly disposition: Disposition;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.disposition = ERRORS[code].disposition;
    this.details = options.details ?? {};
  }

  /** Whether trying the same again may succeed. */
  get retryable(): boolean {
    return this.disposition === "retry";
  }
}

/** Halts on a broken invariant; stays on in production. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new MillraceError("INVARIANT_BROKEN", message);
}
