/** What the emitter's errors mean to the sender of a request. */
import { MillraceError } from "@millrace/engine";
import { problemsOf } from "@millrace/emitter";
import { PROBLEMS_MAX, type EventDraft } from "./event-draft.ts";
import { Refusal, type ProblemError, type RefusalOptions } from "./problem.ts";

/** The answer to a request whose events were not all acknowledged. */
export function emitRefusal(error: unknown, drafts: readonly EventDraft[]): Refusal {
  if (error instanceof Refusal) return error;
  if (!(error instanceof MillraceError)) return internal(error);
  const options = { cause: error };
  const places: RefusalOptions = { ...options, errors: placesOf(error, drafts) };
  switch (error.code) {
    case "EMIT_INVALID":
      return new Refusal("event-invalid", "nothing was emitted", places);
    case "EMIT_UNKNOWN_TYPE":
      return new Refusal("event-type-unknown", "nothing was emitted", places);
    case "EMIT_TOO_LARGE":
      return new Refusal("event-too-large", error.message, places);
    case "PRODUCE_REFUSED":
      return new Refusal("event-refused", error.message, options);
    case "EMIT_BUFFER_FULL":
      return new Refusal("overloaded", "the gateway's buffer is full", options);
    case "EMIT_CLOSED":
      return new Refusal("stopping", "the gateway is stopping", options);
    case "TOPIC_MISSING":
      return new Refusal("not-ready", `${error.message} (run millrace init)`, options);
    case "EMIT_UNACKNOWLEDGED":
    case "PRODUCE_FAILED":
    case "BROKER_UNREACHABLE":
      return unacknowledged(error);
    default:
      return error.retryable ? new Refusal("not-ready", error.message, options) : internal(error);
  }
}

/** Events may or may not have been taken; with the same ids the request can be repeated without harm. */
function unacknowledged(error: MillraceError): Refusal {
  const detail =
    "the brokers did not acknowledge in time; repeat the request, with these ids where it gave none";
  const { ids } = error.details;
  return new Refusal("brokers-unavailable", detail, {
    cause: error,
    ...(Array.isArray(ids) ? { members: { ids } } : {}),
  });
}

function internal(error: unknown): Refusal {
  return new Refusal("internal", "see the gateway's log", { cause: error });
}

/** The emitter's pointers begin with the event's index; the draft knows where that stands in the request. */
function placesOf(error: MillraceError, drafts: readonly EventDraft[]): readonly ProblemError[] {
  return problemsOf(error)
    .slice(0, PROBLEMS_MAX)
    .map(({ pointer, detail }) => {
      const [, index = "", rest = ""] = /^\/(\d+)(.*)$/su.exec(pointer) ?? [];
      const place = drafts[Number(index)]?.locate(rest) ?? { pointer };
      return { ...place, detail };
    });
}
