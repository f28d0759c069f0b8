import type { Delivery } from "../core/lanes/delivery.ts";
import type { Replay, ReplayPlan } from "../core/replay/replay.ts";
import { assert } from "../errors.ts";
import type { AttemptRequest, PreparedEvent, PreparedRequest, TraceContext } from "../ports.ts";

/** Where the preparer puts the key; the sender knows what the target calls it. */
const IDEMPOTENCY_KEY = "idempotency-key";

/**
 * The call of one attempt: the mapped request, which is the same for every attempt, with the event's position (a
 * target that overwrites may refuse lower ones) and the trace of this attempt.
 */
export function attemptRequest(
  { payload, partition, offset, keyCount, lane: { replay } }: Delivery<PreparedEvent>,
  trace: TraceContext | null,
): AttemptRequest {
  const { request } = payload;
  assert(request !== null, "I9: an attempt of an event that has no request");
  return {
    method: request.method,
    url: request.url,
    headers: {
      ...keyedHeaders(request.headers, keyCount, replay),
      "millrace-position": `${partition.topic}/${partition.partition}/${offset}`,
    },
    body: request.body,
    timeoutMs: request.timeoutMs,
    traceparent: trace?.traceparent ?? payload.traceparent,
    tracestate: trace?.tracestate ?? payload.tracestate,
  };
}

/** The mapped headers, as they are as a rule. */
function keyedHeaders(
  headers: PreparedRequest["headers"],
  keyCount: number,
  replay: Replay<PreparedEvent> | null,
): PreparedRequest["headers"] {
  if (keyCount === 0 && replay === null) return headers;
  return {
    ...headers,
    ...redrivenKey(headers, keyCount),
    ...(replay === null ? {} : replayHeaders(headers, replay.plan)),
  };
}

/** S11: a redrive whose every attempt was refused for certain appends its count, or a target that stores its answers repeats them. */
function redrivenKey(
  headers: PreparedRequest["headers"],
  keyCount: number,
): Readonly<Record<string, string>> {
  const key = headers[IDEMPOTENCY_KEY];
  return keyCount === 0 || key === undefined ? {} : { [IDEMPOTENCY_KEY]: `${key}-${keyCount}` };
}

/** What tells a replay's call; a job that reprocesses has keys of its own, or the target would take it for done. */
function replayHeaders(
  headers: PreparedRequest["headers"],
  { job, mode }: ReplayPlan,
): Readonly<Record<string, string>> {
  const key = headers[IDEMPOTENCY_KEY];
  const isNew = mode === "reprocess" && key !== undefined;
  return { "millrace-replay": job, ...(isNew ? { [IDEMPOTENCY_KEY]: `${key}-${job}` } : {}) };
}
