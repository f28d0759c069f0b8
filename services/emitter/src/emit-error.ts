/** Errors of the parts below, told in the emitter's own codes. */
import { MillraceError } from "@millrace/engine";
import { SchemaError, type FieldProblem } from "@millrace/schemas";

/** What the encoder or the registry said, as the emitter says it. */
export function fromSchemaError(error: unknown): MillraceError {
  if (error instanceof MillraceError) return error;
  if (!(error instanceof SchemaError)) {
    return new MillraceError("INVARIANT_BROKEN", `emit: ${String(error)}`, { cause: error });
  }
  const options = { cause: error, details: { problems: error.problems } };
  switch (error.code) {
    case "EVENT_INVALID":
      return new MillraceError("EMIT_INVALID", error.message, options);
    case "EVENT_TYPE_UNKNOWN":
      return new MillraceError("EMIT_UNKNOWN_TYPE", error.message, options);
    case "REGISTRY_UNREACHABLE":
      return new MillraceError("REGISTRY_UNREACHABLE", error.message, options);
    case "SCHEMA_UNKNOWN":
      return new MillraceError("SCHEMA_UNKNOWN", error.message, options);
    case "CATALOG_INVALID":
    case "CATALOG_MISSING":
    case "SCHEMA_INVALID":
    case "SCHEMA_INCOMPATIBLE":
    case "REGISTRY_REFUSED":
      return new MillraceError("CONFIG_INVALID", error.message, options);
  }
}

/** The problems an `EMIT_INVALID` lists. */
export function problemsOf(error: MillraceError): readonly FieldProblem[] {
  const { problems } = error.details;
  return Array.isArray(problems) ? problems.filter((one) => isProblem(one)) : [];
}

function isProblem(value: unknown): value is FieldProblem {
  return typeof value === "object" && value !== null && "pointer" in value && "detail" in value;
}

/** How many problems of a batch are listed; the rest would be noise. */
export const BATCH_PROBLEMS_MAX = 100;

/** One error for all events of a batch that cannot be emitted; pointers begin with the event's index. */
export function batchError(failures: readonly (readonly [number, MillraceError])[]): MillraceError {
  const problems = failures.flatMap(([index, error]) => {
    const own = problemsOf(error);
    const said = own.length > 0 ? own : [{ pointer: pointerOf(error), detail: error.message }];
    return said.map(({ pointer, detail }) => ({ pointer: `/${index}${pointer}`, detail }));
  });
  const code = failures.every(([, error]) => error.code === failures[0]?.[1].code)
    ? (failures[0]?.[1].code ?? "EMIT_INVALID")
    : "EMIT_INVALID";
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  const message = `batch refused: ${first?.pointer ?? ""} ${first?.detail ?? ""}${more}`;
  return new MillraceError(code, message, {
    details: { problems: problems.slice(0, BATCH_PROBLEMS_MAX) },
  });
}

function pointerOf(error: MillraceError): string {
  return error.code === "EMIT_UNKNOWN_TYPE" ? "/type" : "";
}

/** An event given up while a write of it may or may not have been taken. */
export function unacknowledged(topic: string, cause: unknown): MillraceError {
  const reason = cause instanceof Error ? ` (${cause.message})` : "";
  const message = `not acknowledged in time: event for topic ${topic}${reason}`;
  return new MillraceError("EMIT_UNACKNOWLEDGED", message, { cause });
}

/** What a sink's final refusal means to the caller. */
export function fromSinkError(topic: string, error: unknown): MillraceError {
  if (error instanceof MillraceError && !error.retryable && error.disposition !== "abandon") {
    return error;
  }
  return unacknowledged(topic, error);
}
