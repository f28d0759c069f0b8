/**
 * CloudEvents in Kafka's binary content mode: attributes are headers `ce_<name>`, UTF-8.
 * Source: CloudEvents 1.0.2, Kafka protocol binding, section 3.2; W3C Trace Context for the two trace headers.
 *
 * The value is Confluent-framed Avro, so a strict reader of `application/avro` has to skip its first five bytes.
 * Millrace's own metadata never uses the `ce_` prefix: it would become an attribute of the event.
 */
import { Buffer } from "node:buffer";
import { DEFAULT_TENANT, type Envelope, type WireRecord } from "./event.ts";
import { isRfc3339 } from "./rfc3339.ts";

/** The prefix of CloudEvents attributes among Kafka headers. */
export const ATTRIBUTE_PREFIX = "ce_";

/** Header names as they stand on the wire. */
export const HEADERS = {
  specVersion: "ce_specversion",
  id: "ce_id",
  source: "ce_source",
  type: "ce_type",
  time: "ce_time",
  subject: "ce_subject",
  dataSchema: "ce_dataschema",
  partitionKey: "ce_partitionkey",
  contentType: "content-type",
  traceparent: "traceparent",
  tracestate: "tracestate",
  tenant: "millrace-tenant",
} as const;

/** The version of CloudEvents that is written, and the only one read. */
export const SPEC_VERSION = "1.0";
/** The content type of every event's value. */
export const AVRO_CONTENT_TYPE = "application/avro";

/** Attribute names that an extension cannot have. `partitionkey` may be given as one: it is the record key. */
export const CONTEXT_ATTRIBUTES: ReadonlySet<string> = new Set([
  "specversion",
  "id",
  "source",
  "type",
  "time",
  "subject",
  "data",
  "datacontenttype",
  "dataschema",
]);

/** Why headers are no envelope. */
export interface EnvelopeFault {
  /** True when the record has no `ce_` header at all: it was written by something else. */
  readonly isForeign: boolean;
  readonly detail: string;
}

/** Reads the envelope from the headers alone, cheaply; null when they are not one. */
export function readEnvelope(record: Pick<WireRecord, "headers">): Envelope | null {
  const envelope = parseEnvelope(headerTexts(record));
  return "isForeign" in envelope ? null : envelope;
}

/** All headers as text; the last one where a name repeats. */
export function headerTexts({ headers }: Pick<WireRecord, "headers">): Record<string, string> {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- Object.create is typed as any
  const texts = Object.create(null) as Record<string, string>;
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    const last = value instanceof Uint8Array ? value : value?.at(-1);
    if (last !== undefined) texts[name] = textOf(last);
  }
  return texts;
}

/** The envelope that headers hold, or why they hold none. */
export function parseEnvelope(texts: Readonly<Record<string, string>>): Envelope | EnvelopeFault {
  const id = texts[HEADERS.id];
  const source = texts[HEADERS.source];
  const type = texts[HEADERS.type];
  const version = texts[HEADERS.specVersion];
  if (!isPresent(id) || !isPresent(source) || !isPresent(type) || version !== SPEC_VERSION) {
    return faultOf(texts);
  }
  const time = texts[HEADERS.time];
  return {
    id,
    source,
    type,
    time: time !== undefined && isRfc3339(time) ? time : null,
    subject: texts[HEADERS.subject] ?? null,
    tenant: texts[HEADERS.tenant] ?? DEFAULT_TENANT,
    partitionKey: texts[HEADERS.partitionKey] ?? null,
    traceparent: texts[HEADERS.traceparent] ?? null,
    tracestate: texts[HEADERS.tracestate] ?? null,
    extensions: extensionsOf(texts),
  };
}

function faultOf(texts: Readonly<Record<string, string>>): EnvelopeFault {
  const isForeign = !Object.keys(texts).some((name) => name.startsWith(ATTRIBUTE_PREFIX));
  if (isForeign) return { isForeign, detail: "the record has no ce_ headers" };
  const required = [HEADERS.id, HEADERS.source, HEADERS.type];
  const missing = required.filter((name) => !isPresent(texts[name]));
  return missing.length > 0
    ? { isForeign, detail: `${missing.join(", ")} missing or empty` }
    : { isForeign, detail: `${HEADERS.specVersion} is not ${SPEC_VERSION}` };
}

function isPresent(text: string | undefined): text is string {
  return text !== undefined && text !== "";
}

const KNOWN: ReadonlySet<string> = new Set([...CONTEXT_ATTRIBUTES, "partitionkey"]);

function extensionsOf(texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- Object.create is typed as any
  const extensions = Object.create(null) as Record<string, string>;
  for (const name in texts) {
    if (!name.startsWith(ATTRIBUTE_PREFIX)) continue;
    const attribute = name.slice(ATTRIBUTE_PREFIX.length);
    if (!KNOWN.has(attribute)) extensions[attribute] = texts[name] ?? "";
  }
  return extensions;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}
