/**
 * The Avro schema of the journal's pages: what they are read by, anywhere. The driver encodes this one by hand
 * (journal-page.ts), since the engine depends on nothing.
 *
 * Texts that come again and again (topic, source, type, ...) are indexes of the page's `texts`: of 500 entries that makes 120
 * bytes each in 0.39 us, where plain strings take 197 and 0.51 us. A field that is added needs a default, or older pages
 * cannot be read.
 */

/** Full name of the schema's record. */
export const JOURNAL_RECORD = "millrace.journal.Page";

const INDEX = "index of texts";
const time = { type: "long", logicalType: "timestamp-millis" } as const;

const BODY = {
  type: "record",
  name: "Body",
  doc: "A body of HTTP, as far as it may be seen.",
  fields: [
    { name: "text", type: ["null", "string"], default: null, doc: "masked and cut" },
    { name: "byteCount", type: "long" },
    { name: "withheld", type: ["null", "int"], default: null, doc: `why no text: ${INDEX}` },
  ],
} as const;

const ATTEMPT = {
  type: "record",
  name: "Attempt",
  fields: [
    { name: "startedAt", type: time },
    { name: "durationMs", type: "long" },
    { name: "end", type: "int", doc: `delivered, or why not: ${INDEX}` },
    { name: "status", type: ["null", "int"], default: null, doc: "of the answer, if any" },
    {
      name: "requestId",
      type: ["null", "string"],
      default: null,
      doc: "by which the target's own logs know the call",
    },
    { name: "answer", type: ["null", BODY], default: null },
  ],
} as const;

const KEY = {
  type: "record",
  name: "BinaryKey",
  doc: "A key that is no UTF-8.",
  fields: [{ name: "hex", type: "string" }],
} as const;

const ENTRY = {
  type: "record",
  name: "Entry",
  doc: "One settled delivery.",
  fields: [
    { name: "topic", type: "int", doc: INDEX },
    { name: "partition", type: "int" },
    { name: "offset", type: "long" },
    { name: "epoch", type: "long" },
    { name: "key", type: ["null", "string", KEY], default: null },
    { name: "id", type: ["null", "string"], default: null },
    { name: "source", type: ["null", "int"], default: null, doc: INDEX },
    { name: "type", type: ["null", "int"], default: null, doc: INDEX },
    { name: "tenant", type: "int", doc: INDEX },
    { name: "outcome", type: "int", doc: INDEX },
    { name: "reason", type: ["null", "int"], default: null, doc: INDEX },
    { name: "detail", type: ["null", "string"], default: null },
    { name: "mappingRevision", type: "int", doc: INDEX },
    { name: "settledAt", type: time },
    { name: "traceId", type: ["null", "string"], default: null },
    { name: "attemptCount", type: "int", doc: "of this epoch, those left out included" },
    { name: "attempts", type: { type: "array", items: ATTEMPT } },
    { name: "job", type: ["null", "int"], default: null, doc: `the replay, if any: ${INDEX}` },
    { name: "request", type: ["null", "Body"], default: null, doc: "of every attempt" },
  ],
} as const;

const SKIP = {
  type: "record",
  name: "Skip",
  doc: "Offsets in a row that the filter left out.",
  fields: [
    { name: "topic", type: "int", doc: INDEX },
    { name: "partition", type: "int" },
    { name: "from", type: "long" },
    { name: "to", type: "long", doc: "one above the last" },
    { name: "epoch", type: "long" },
    { name: "mappingRevision", type: "int", doc: INDEX },
  ],
} as const;

/** See the head of this file. */
export const JOURNAL_SCHEMA = {
  type: "record",
  name: "Page",
  namespace: "millrace.journal",
  doc: "What became of deliveries to one target.",
  fields: [
    { name: "target", type: "string" },
    { name: "entries", type: { type: "array", items: ENTRY } },
    { name: "skipped", type: { type: "array", items: SKIP } },
    { name: "texts", type: { type: "array", items: "string" } },
  ],
} as const;
