/** Events of a request, from its body to the brokers' acknowledgement. */
import type { IncomingHttpHeaders } from "node:http";
import type { TraceContext } from "@millrace/engine";
import type { EmitEvent, Emitter, Receipt } from "@millrace/emitter";
import type { Catalog, EventContracts } from "@millrace/schemas";
import { parseTraceparent } from "@millrace/telemetry";
import { assertMayEmit } from "./access.ts";
import type { ApiKey } from "./api-key.ts";
import { readBinary } from "./binary-form.ts";
import { emitRefusal } from "./emit-refusal.ts";
import { assertDistinct, type EventDraft } from "./event-draft.ts";
import { parseJsonBody } from "./json-body.ts";
import { readJsonForm } from "./json-form.ts";
import { BODY_BYTES_MAX, SINGLE_BYTES_MAX, type EventForm } from "./media-type.ts";
import { Refusal } from "./problem.ts";
import { readStructured, readStructuredBatch } from "./structured-form.ts";

/** A request to emit, let in and read. */
export interface IngestRequest {
  readonly form: EventForm;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
  readonly key: ApiKey | null;
  /** The trace that the caller is part of, and this gateway's span in it; null where there is none. */
  readonly caller: TraceContext | null;
  readonly span: TraceContext | null;
}

/** What was acknowledged. */
export interface IngestResult {
  /** In the request's order. */
  readonly receipts: readonly Receipt[];
  readonly isBatch: boolean;
}

/** What events are emitted with. */
export interface IngestPorts {
  readonly emitter: Emitter<EventContracts>;
  readonly catalog: Catalog;
}

/**
 * Emits all events of a request or, when one is not valid, none; resolves when the brokers have acknowledged all.
 * @throws Refusal.
 */
export async function ingest(request: IngestRequest, ports: IngestPorts): Promise<IngestResult> {
  const { drafts, isBatch } = readDrafts(request);
  assertDistinct(drafts);
  assertMayEmit(request.key, topicsOf(drafts, ports.catalog));
  const events = drafts.map(({ event }) => withTrace(event, request));
  try {
    return { receipts: await ports.emitter.emitBatch(events), isBatch };
  } catch (error) {
    throw emitRefusal(error, drafts);
  }
}

/** @throws Refusal `malformed-body`, `event-invalid`, `body-too-large`. */
function readDrafts({ form, headers, body }: IngestRequest): {
  readonly drafts: readonly EventDraft[];
  readonly isBatch: boolean;
} {
  // Where the request announced no length, it is known only now.
  assertSize(body, BODY_BYTES_MAX[form]);
  const json = parseJsonBody(body);
  switch (form) {
    case "binary":
      return { drafts: readBinary(headers, json), isBatch: false };
    case "structured":
      return { drafts: readStructured(json), isBatch: false };
    case "structured-batch":
      return { drafts: readStructuredBatch(json), isBatch: true };
    case "json": {
      const { drafts, isBatch } = readJsonForm(json);
      if (!isBatch) assertSize(body, SINGLE_BYTES_MAX);
      return { drafts, isBatch };
    }
  }
}

/** @throws Refusal `body-too-large`. */
function assertSize({ byteLength }: Uint8Array, bytesMax: number): void {
  if (byteLength <= bytesMax) return;
  const detail = `a body of this form may have ${bytesMax} bytes, this one has ${byteLength}`;
  throw new Refusal("body-too-large", detail);
}

/** Topics of the types that the catalog knows; the others are refused by the emitter. */
function topicsOf(drafts: readonly EventDraft[], { types }: Catalog): ReadonlySet<string> {
  return new Set(drafts.flatMap(({ event }) => types.get(event.type)?.topic.name ?? []));
}

/**
 * An event belongs to the request's trace. Where the caller sent none, the trace that the event itself began with (the
 * extension `traceparent`, which stays on it) goes on.
 */
function withTrace(
  event: EventDraft["event"],
  { caller, span }: IngestRequest,
): EmitEvent<EventContracts> {
  const own = caller === null ? originOf(event) : null;
  const context = own ?? span ?? caller;
  if (context === null) return event;
  const { traceparent, tracestate } = context;
  return { ...event, traceparent, ...(tracestate === null ? {} : { tracestate }) };
}

function originOf({ extensions }: EventDraft["event"]): TraceContext | null {
  const traceparent = extensions?.["traceparent"];
  if (typeof traceparent !== "string" || parseTraceparent(traceparent) === null) return null;
  return { traceparent, tracestate: null };
}
