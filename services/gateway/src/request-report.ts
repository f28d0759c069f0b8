import type { Counter, Histogram, Span, Telemetry } from "@millrace/engine";
import type { ApiKey } from "./api-key.ts";
import type { IngestResult } from "./ingest.ts";
import { clipped, type Refusal } from "./problem.ts";

/** The instruments of ingest. */
export class IngestInstruments {
  readonly telemetry: Telemetry;
  readonly events: Counter;
  readonly duration: Histogram;

  constructor(telemetry: Telemetry) {
    this.telemetry = telemetry;
    this.events = telemetry.counter("millrace.ingest.events", "events that asked to be taken in");
    this.duration = telemetry.histogram(
      "http.server.request.duration.seconds",
      "one request to the gateway",
    );
  }
}

/** What one request to emit reports: its span, one log line, counts and its time. */
export class RequestReport {
  readonly #instruments: IngestInstruments;
  readonly #span: Span;
  readonly #requestId: string;
  readonly #startedAt = performance.now();
  #key: ApiKey | null = null;
  #result: IngestResult | null = null;
  #refusal: Refusal | null = null;

  constructor(
    instruments: IngestInstruments,
    of: { readonly span: Span; readonly requestId: string },
  ) {
    this.#instruments = instruments;
    this.#span = of.span;
    this.#requestId = of.requestId;
  }

  admitted(key: ApiKey | null): void {
    this.#key = key;
  }

  accepted(result: IngestResult): void {
    this.#result = result;
    this.#instruments.events.add(result.receipts.length, { outcome: "accepted" });
  }

  /** Counts once, however many events the request may hold: most refusals come before they are known. */
  refused(refusal: Refusal): void {
    this.#refusal = refusal;
    this.#instruments.events.add(1, { outcome: outcomeOf(refusal) });
  }

  /** The response has ended, or its connection: `status` is what was or would have been answered. */
  end(status: number, how: "answered" | "cut off"): void {
    const seconds = (performance.now() - this.#startedAt) / 1_000;
    this.#instruments.duration.record(seconds, {
      "http.request.method": "POST",
      "http.route": "/v1/events",
      "http.response.status_code": status,
    });
    this.#span.set({ "http.response.status_code": status });
    this.#span.end(status >= 500 ? String(status) : undefined);
    this.#log(status, { how, seconds });
  }

  #log(status: number, { how, seconds }: { readonly how: string; readonly seconds: number }): void {
    const [first] = this.#result?.receipts ?? [];
    const level = status >= 500 ? "warn" : status >= 400 ? "info" : "debug";
    this.#instruments.telemetry.log(level, how === "answered" ? "request" : "request cut off", {
      requestId: this.#requestId,
      status,
      durationMs: Math.round(seconds * 1_000),
      ...(this.#key === null ? {} : { apiKey: this.#key.id }),
      ...(this.#refusal === null ? {} : refusalFields(this.#refusal)),
      ...(first === undefined ? {} : { events: this.#result?.receipts.length, ...first }),
      ...traceFields(this.#span),
    });
  }
}

function outcomeOf({ status }: Refusal): string {
  if (status === 401 || status === 403) return "unauthorized";
  if (status === 503) return "unavailable";
  return status >= 500 ? "failed" : "invalid";
}

function refusalFields({ kind, message, cause }: Refusal): Readonly<Record<string, unknown>> {
  const fields = { problem: kind, detail: message };
  if (!(cause instanceof Error)) return fields;
  const code = "code" in cause && typeof cause.code === "string" ? { code: cause.code } : {};
  return { ...fields, error: { name: cause.name, ...code, message: clipped(cause.message) } };
}

function traceFields({ context }: Span): Readonly<Record<string, string>> {
  const traceId = context?.traceparent.split("-", 2)[1];
  return traceId === undefined ? {} : { traceId };
}
