/** What tests of the HTTP sender share. */
import {
  NO_TELEMETRY,
  type AttemptRequest,
  type AttemptResult,
  type AttemptSender,
  type Telemetry,
} from "@millrace/engine";
import { createAttemptSender, type HttpTargetOptions } from "@millrace/http";
import { onTestFinished } from "vitest";
import { realClock } from "./real-clock.ts";

/** A sender with what differs from the usual; closed with the test. */
export function httpSender(
  options: Partial<HttpTargetOptions> & Pick<HttpTargetOptions, "origin">,
): AttemptSender {
  const sender = createAttemptSender({
    target: "crm",
    network: { kind: "internal" },
    connections: 8,
    auth: { type: "none" },
    idempotency: { header: "Idempotency-Key", format: "bare" },
    onConflict: "retry",
    telemetry: NO_TELEMETRY,
    clock: realClock,
    ...options,
  });
  onTestFinished(() => sender.close());
  return sender;
}

/** A request below an origin, by what differs from the usual. */
export function requestTo(origin: string, request: Partial<AttemptRequest> = {}): AttemptRequest {
  return {
    method: "POST",
    url: `${origin}events`,
    headers: { "content-type": "application/json", "idempotency-key": "key-1" },
    body: '{"n":1}',
    timeoutMs: 5_000,
    traceparent: null,
    tracestate: null,
    ...request,
  };
}

/** Sends one attempt; resolves with its result. A second result fails the test's promise chain loudly. */
export function attempt(sender: AttemptSender, request: AttemptRequest): Promise<AttemptResult> {
  return new Promise((resolve, reject) => {
    let count = 0;
    sender.send(request, (result) => {
      count += 1;
      if (count > 1) reject(new Error("a second result"));
      resolve(result);
    });
  });
}

/** Telemetry that keeps its log lines. */
export function loggingTelemetry(): { readonly telemetry: Telemetry; readonly lines: string[] } {
  const lines: string[] = [];
  const telemetry: Telemetry = {
    ...NO_TELEMETRY,
    log: (level, message, fields) => {
      lines.push(JSON.stringify({ level, message, ...fields }));
    },
  };
  return { telemetry, lines };
}
