import { describe, expect, it } from "vitest";
import { compileSchema } from "../avro/avro-type.ts";
import type { Decoder, LocatedRecord } from "../decoder.ts";
import type { DecodedEvent } from "../event.ts";
import { createStandInDecoder } from "./stand-in-decoder.ts";

const AVRO = {
  type: "record",
  name: "n.R",
  fields: [
    { name: "id", type: "string" },
    { name: "mail", type: "string", pii: "mask" },
  ],
};

const RECORD: LocatedRecord = {
  ...{ topic: "t", partition: 0, offset: 0, timestampMs: 0 },
  ...{ key: Buffer.from("ann"), value: Buffer.from(""), headers: {} },
};

const EVENT: DecodedEvent = {
  ...{ id: "1", source: "urn:t", type: "n.R", time: null, tenant: "default" },
  ...{ subject: "ann", partitionKey: "ann", traceparent: null, tracestate: null },
  ...{ extensions: { who: "ann", a: "1" }, key: RECORD.key },
  headers: { ce_subject: "ann", ce_id: "1" },
  data: { id: "1", mail: "a@b" },
  schema: { id: 1, avro: AVRO, type: compileSchema(AVRO).type },
};

function decoderOf(event: DecodedEvent): Decoder {
  return { decode: () => ({ kind: "event", event }), load: () => Promise.resolve() };
}

function decoded(event: DecodedEvent, isKeyPersonal: boolean, which: 0 | 1 = 0): unknown {
  const options = { which, isKeyPersonal: () => isKeyPersonal };
  const result = createStandInDecoder(decoderOf(event), options).decode(RECORD);
  return result.kind === "event" ? result.event : result;
}

describe("createStandInDecoder", () => {
  it("replaces what is personal in the data, and nothing else", () => {
    expect(decoded(EVENT, false)).toEqual({ ...EVENT, data: { id: "1", mail: "***" } });
    expect(decoded(EVENT, false, 1)).toEqual({ ...EVENT, data: { id: "1", mail: "###" } });
  });

  it("replaces a personal key wherever it stands in the envelope", () => {
    expect(decoded(EVENT, true)).toEqual({
      ...EVENT,
      ...{ subject: "***", partitionKey: "***", key: Buffer.from("***") },
      extensions: { who: "***", a: "1" },
      headers: { ce_subject: "***", ce_id: "1" },
      data: { id: "1", mail: "***" },
    });
  });

  it("keeps headers that an event makes when it is asked for them", () => {
    const { headers, ...rest } = EVENT;
    class AskedEvent {
      get headers(): DecodedEvent["headers"] {
        return headers;
      }
    }

    expect(decoded(Object.assign(new AskedEvent(), rest), false)).toMatchObject({ headers });
  });

  it("leaves a tombstone and what cannot be decoded as they are", () => {
    const tombstone = { ...EVENT, data: null, schema: null };
    expect(decoded(tombstone, false)).toEqual(tombstone);

    const needed: Decoder = {
      decode: () => ({ kind: "schema-needed", schemaId: 7 }),
      load: () => Promise.resolve(),
    };
    const options = { which: 0, isKeyPersonal: () => true } as const;
    expect(createStandInDecoder(needed, options).decode(RECORD)).toEqual({
      kind: "schema-needed",
      schemaId: 7,
    });
  });
});
