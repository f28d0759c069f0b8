import { MillraceError } from "@millrace/engine";
import protocolError from "kafkajs/src/protocol/error.js";

/** An answer of a broker that is an error, by Kafka's own name for it. */
export class KafkaError extends Error {
  override readonly name = "KafkaError";
  /** Kafka's name, e.g. `ILLEGAL_GENERATION`. */
  readonly type: string;
  /** Whether Kafka calls it worth trying again. */
  readonly isRetriable: boolean;

  constructor(code: number) {
    const { type, message, retriable } = protocolError.createErrorFromCode(code);
    super(message);
    this.type = type;
    this.isRetriable = retriable;
  }
}

/** Kafka's or kafkajs's name of what went wrong at the bottom of `error`, e.g. `NOT_COORDINATOR_FOR_GROUP`. */
export function errorType(error: unknown): string {
  let current: unknown = error;
  let name = "UNKNOWN";
  // kafkajs wraps; the innermost type is the broker's own word.
  for (let depth = 0; depth < 8 && current instanceof Error; depth += 1) {
    name = "type" in current && typeof current.type === "string" ? current.type : current.name;
    current = current.cause;
  }
  return name;
}

/** One line that names the failure at the bottom of `error`, for logs and messages. */
export function errorText(error: unknown): string {
  let current: unknown = error;
  while (current instanceof Error && current.cause instanceof Error) current = current.cause;
  return current instanceof Error ? (current.message.split("\n", 1)[0] ?? "") : String(current);
}

const HALTING: ReadonlySet<string> = new Set([
  "TOPIC_AUTHORIZATION_FAILED",
  "GROUP_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
  "SASL_AUTHENTICATION_FAILED",
  "UNSUPPORTED_SASL_MECHANISM",
  "KafkaJSSASLAuthenticationError",
  "KafkaJSServerDoesNotSupportApiKey",
  "INCONSISTENT_GROUP_PROTOCOL",
  "INVALID_GROUP_ID",
  "INVALID_SESSION_TIMEOUT",
  "GROUP_MAX_SIZE_REACHED",
  "UNSUPPORTED_VERSION",
]);

/** Whether no retry heals this error: rights, credentials, versions, what does not exist. */
export function isHalting(error: unknown): boolean {
  if (error instanceof MillraceError) return error.disposition === "halt";
  return HALTING.has(errorType(error));
}

/** An error of kafkajs or a broker as the code that callers know, `what` in front; a MillraceError passes as it is. */
export function brokerError(what: string, error: unknown): MillraceError {
  if (error instanceof MillraceError) return error;
  const type = errorType(error);
  const code = isHalting(error) ? "BROKER_REFUSED" : "BROKER_UNREACHABLE";
  const name = /^[A-Z_]+$/.test(type) ? ` (${type})` : "";
  return new MillraceError(code, `${what}: ${errorText(error)}${name}`, {
    cause: error,
    details: { type },
  });
}
