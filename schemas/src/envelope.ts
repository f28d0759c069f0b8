/**
 * CloudEvents in Kafka's binary content mode: attributes are headers `ce_<name>`, UTF-8.
 * Source: CloudEvents 1.0.2, Kafka protocol binding, section 3.2; W3C Trace Context for the two trace headers.
 *
 * The value is Confluent-framed Avro, so a strict reader of `application/avro` has to skip its first five bytes.
 * Millrace's own metadata never uses the `ce_` prefix: it would become an attribute of the event.
 */
import { bufferOf } from "./buffer-of.ts";
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

/** What carries headers; `eachHeaderText` where it can tell them without making an object of each. */
export type HeaderCarrier = Pick<WireRecord, "headers" | "eachHeaderText">;

/** Reads the envelope from the headers alone, cheaply; null when they are not one. */
export function readEnvelope(record: HeaderCarrier): Envelope | null {
  const envelope = parseEnvelope(record);
  return "isForeign" in envelope ? null : envelope;
}

/** All headers as text; the last one where a name repeats. */
export function headerTexts(record: HeaderCarrier): Record<string, string> {
  const texts = withoutPrototype();
  tellHeaders(record, (name, text) => {
    texts[name] = text;
  });
  return texts;
}

/** The envelope that a record's headers hold, or why they hold none. */
export function parseEnvelope(record: HeaderCarrier): Envelope | EnvelopeFault {
  const found = readAttributes(record);
  const { id, source, type, specVersion, time, extensions } = found;
  if (id === "" || source === "" || type === "" || specVersion !== SPEC_VERSION) {
    return faultOf(found);
  }
  return {
    id,
    source,
    type,
    time: time !== null && isRfc3339(time) ? time : null,
    subject: found.subject,
    tenant: found.tenant,
    partitionKey: found.partitionKey,
    traceparent: found.traceparent,
    tracestate: found.tracestate,
    extensions: extensions ?? NO_EXTENSIONS,
  };
}

/** What the headers say, be it an envelope or not. */
interface Attributes {
  /** Empty where it is missing, like those that follow. */
  id: string;
  source: string;
  type: string;
  specVersion: string;
  time: string | null;
  subject: string | null;
  tenant: string;
  partitionKey: string | null;
  traceparent: string | null;
  tracestate: string | null;
  extensions: Record<string, string> | null;
  /** Whether there is any header of CloudEvents. */
  hasAny: boolean;
}

/** In one pass, since each event goes through here: a header is looked at once, the last one counts where a name repeats. */
function readAttributes(record: HeaderCarrier): Attributes {
  const found: Attributes = {
    id: "",
    source: "",
    type: "",
    specVersion: "",
    time: null,
    subject: null,
    tenant: DEFAULT_TENANT,
    partitionKey: null,
    traceparent: null,
    tracestate: null,
    extensions: null,
    hasAny: false,
  };
  tellHeaders(record, (name, text) => {
    if (name.startsWith(ATTRIBUTE_PREFIX)) noteAttribute(found, name, text);
    else if (name === HEADERS.tenant) found.tenant = text;
    else if (name === HEADERS.traceparent) found.traceparent = text;
    else if (name === HEADERS.tracestate) found.tracestate = text;
  });
  return found;
}

function noteAttribute(found: Attributes, name: string, text: string): void {
  found.hasAny = true;
  switch (name) {
    case HEADERS.id:
      found.id = text;
      return;
    case HEADERS.source:
      found.source = text;
      return;
    case HEADERS.type:
      found.type = text;
      return;
    case HEADERS.specVersion:
      found.specVersion = text;
      return;
    case HEADERS.time:
      found.time = text;
      return;
    case HEADERS.subject:
      found.subject = text;
      return;
    case HEADERS.partitionKey:
      found.partitionKey = text;
      return;
    default:
      noteExtension(found, name.slice(ATTRIBUTE_PREFIX.length), text);
  }
}

function noteExtension(found: Attributes, attribute: string, text: string): void {
  if (CONTEXT_ATTRIBUTES.has(attribute)) return;
  found.extensions ??= withoutPrototype();
  found.extensions[attribute] = text;
}

function faultOf({ id, source, type, hasAny }: Attributes): EnvelopeFault {
  if (!hasAny) return { isForeign: true, detail: "the record has no ce_ headers" };
  const missing: string[] = [];
  if (id === "") missing.push(HEADERS.id);
  if (source === "") missing.push(HEADERS.source);
  if (type === "") missing.push(HEADERS.type);
  return missing.length > 0
    ? { isForeign: false, detail: `${missing.join(", ")} missing or empty` }
    : { isForeign: false, detail: `${HEADERS.specVersion} is not ${SPEC_VERSION}` };
}

/** Tells each header as text, in the record's order. */
function tellHeaders(record: HeaderCarrier, tell: (name: string, text: string) => void): void {
  if (record.eachHeaderText !== undefined) return record.eachHeaderText(tell);
  const { headers } = record;
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    const last = value instanceof Uint8Array ? value : value?.at(-1);
    if (last !== undefined) tell(name, bufferOf(last).toString("utf8"));
  }
}

/** No name that a producer chooses can mean more than itself. */
function withoutPrototype(): Record<string, string> {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- Object.create is typed as any
  return Object.create(null) as Record<string, string>;
}

const NO_EXTENSIONS: Readonly<Record<string, string>> = Object.freeze(withoutPrototype());
