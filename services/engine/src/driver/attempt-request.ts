import type { Delivery } from "../core/delivery.ts";
import { assert } from "../errors.ts";
import type { AttemptRequest, PreparedEvent, TraceContext } from "../ports.ts";

/**
 * The call of one attempt: the mapped request, which is the same for every attempt, with the event's position (a
 * target that overwrites may refuse lower ones) and the trace of this attempt.
 */
export function attemptRequest(
  { payload, partition, offset }: Delivery<PreparedEvent>,
  trace: TraceContext | null,
): AttemptRequest {
  const { request } = payload;
  assert(request !== null, "I9: an attempt of an event that has no request");
  return {
    method: request.method,
    url: request.url,
    headers: {
      ...request.headers,
      "millrace-position": `${partition.topic}/${partition.partition}/${offset}`,
    },
    body: request.body,
    timeoutMs: request.timeoutMs,
    traceparent: trace?.traceparent ?? payload.traceparent,
    tracestate: trace?.tracestate ?? payload.tracestate,
  };
}
