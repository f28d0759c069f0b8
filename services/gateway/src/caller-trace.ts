import type { IncomingHttpHeaders } from "node:http";
import type { TraceContext } from "@millrace/engine";
import { parseTraceparent } from "@millrace/telemetry";

/** Longest `tracestate` that is carried on; W3C asks for at least 512 characters. */
const TRACESTATE_LENGTH_MAX = 512;

/** The trace that a request is part of; null when it names none that is valid: tracing never costs an event. */
export function callerTrace({ traceparent, tracestate }: IncomingHttpHeaders): TraceContext | null {
  if (typeof traceparent !== "string" || parseTraceparent(traceparent) === null) return null;
  const state = Array.isArray(tracestate) ? tracestate.join(",") : tracestate;
  const isUsable =
    state !== undefined && state.length <= TRACESTATE_LENGTH_MAX && /^[\x20-\x7e]+$/u.test(state);
  return { traceparent, tracestate: isUsable ? state : null };
}
