import { describe, expect, it } from "vitest";
import { createCodec, located, NOW_MS } from "../fixtures/codec.ts";
import { DECODED_DATA, inputOf, SAMPLE_DATA } from "../fixtures/sample-events.ts";
import {
  createDecoder,
  createMemoryRegistry,
  SchemaError,
  UNKNOWN_GRACE_MS,
  type Decoder,
  type DecodeResult,
  type EventMap,
  type Registry,
} from "./index.ts";

// eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the keys of a constant
const TYPES = Object.keys(SAMPLE_DATA) as (keyof EventMap)[];

const eventOf = (result: DecodeResult): Extract<DecodeResult, { kind: "event" }>["event"] => {
  if (result.kind !== "event") throw new Error(JSON.stringify(result));
  return result.event;
};

describe("a decoder", () => {
  it.each(TYPES)("gives %s back as it was emitted", async (type) => {
    const { encoder, decoder } = await createCodec();

    const event = eventOf(decoder.decode(located(encoder.encode(inputOf(type)))));

    expect(event.type).toBe(type);
    expect(event.data).toEqual(DECODED_DATA[type]);
  });

  it("can write again what it has read", async () => {
    const { encoder, decoder } = await createCodec();
    for (const type of TYPES) {
      const first = encoder.encode(inputOf(type));

      const { data } = eventOf(decoder.decode(located(first)));

      expect(encoder.encode(inputOf(type, { data })).value).toEqual(first.value);
    }
  });

  it("gives the envelope, the headers and the key", async () => {
    const { encoder, decoder } = await createCodec();
    const input = inputOf("users.UserSignedUp", {
      id: "i",
      subject: "s",
      tenant: "acme",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      extensions: { sequence: "1" },
    });

    const event = eventOf(decoder.decode(located(encoder.encode(input))));

    expect(event).toMatchObject({
      id: "i",
      source: "/test",
      type: "users.UserSignedUp",
      time: "2026-11-23T10:00:00.000Z",
      subject: "s",
      tenant: "acme",
      partitionKey: "u-1",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      tracestate: null,
      key: Buffer.from("u-1"),
    });
    expect({ ...event.extensions }).toEqual({ sequence: "1" });
    expect(event.headers["ce_id"]).toBe("i");
    expect(event.schema?.id).toBe(1);
  });

  it("gives a tombstone without data", async () => {
    const { encoder, decoder } = await createCodec();
    const record = located(encoder.encode(inputOf("users.UserSignedUp")), { value: null });

    expect(eventOf(decoder.decode(record))).toMatchObject({
      type: "users.UserSignedUp",
      data: null,
      schema: null,
    });
  });

  it("copies bytes out of the fetched buffer", async () => {
    const { registry, encoder } = await createCodec();
    const id = await registry.register("b", "bytes");
    const decoder = createDecoder(registry);
    await decoder.load(id);
    const { headers } = encoder.encode(inputOf("users.UserSignedUp"));
    const value = Buffer.from([0, 0, 0, 0, id, 4, 1, 2]);

    const { data } = eventOf(decoder.decode(located({ key: null, value, headers })));
    value.fill(9);

    expect(data).toEqual(Buffer.from([1, 2]));
  });
});

describe("a record that is no event", () => {
  const undecodable = async (
    value: readonly number[],
    of: Partial<Parameters<Decoder["decode"]>[0]> = {},
  ): Promise<DecodeResult> => {
    const { encoder, decoder } = await createCodec({ unknownGraceMs: 0 });
    const { headers } = encoder.encode(inputOf("users.UserSignedUp"));
    const record = located({ key: null, value: Buffer.from(value), headers }, of);
    const result = decoder.decode(record);
    if (result.kind !== "schema-needed") return result;
    await decoder.load(result.schemaId);
    return decoder.decode(record);
  };

  it.each([
    ["an empty value", []],
    ["a cut frame", [0, 0, 0, 0]],
    ["another magic byte", [1, 0, 0, 0, 1, 0]],
    ["JSON", [...Buffer.from('{"a":1}')]],
  ])("because it has no frame: %s", async (_, value) => {
    expect(await undecodable(value)).toEqual({
      kind: "undecodable",
      code: "DECODE_FAILED",
      detail: "the value has no Confluent frame (0x00 and a schema id)",
    });
  });

  it("because the registry has no such schema", async () => {
    expect(await undecodable([0, 0xff, 0xff, 0xff, 0xff, 0])).toEqual({
      kind: "undecodable",
      code: "SCHEMA_UNKNOWN",
      detail: "the registry has no schema with id 4294967295",
    });
  });

  it("because its bytes are not the schema's", async () => {
    expect(await undecodable([0, 0, 0, 0, 1, 2])).toMatchObject({
      code: "DECODE_FAILED",
      detail: "no record of schema 1: a length exceeds the bytes that are left",
    });
  });

  it("because it has no ce_ headers, or not all", async () => {
    const headers = { ce_id: Buffer.from("i"), ce_source: Buffer.from("") };

    expect(await undecodable([0], { headers: {} })).toMatchObject({
      code: "ENVELOPE_MISSING",
      detail: "the record has no ce_ headers",
    });
    expect(await undecodable([0], { headers })).toMatchObject({
      code: "ENVELOPE_MISSING",
      detail: "ce_source, ce_type missing or empty",
    });
  });

  it("because it speaks another version of CloudEvents", async () => {
    const headers = Object.fromEntries(
      ["ce_id", "ce_source", "ce_type"].map((name) => [name, Buffer.from("x")]),
    );

    expect(await undecodable([0], { headers })).toMatchObject({
      code: "ENVELOPE_MISSING",
      detail: "ce_specversion is not 1.0",
    });
  });
});

describe("a foreign record", () => {
  const foreign = async (timestampMs: number): Promise<DecodeResult> => {
    const { encoder, decoder } = await createCodec({ envelope: "derive", clusterId: "c1" });
    const { value } = encoder.encode(inputOf("users.UserSignedUp"));
    return decoder.decode(located({ key: null, value, headers: {} }, { timestampMs }));
  };

  it("gets an envelope from its place in the log where that is asked for", async () => {
    expect(eventOf(await foreign(NOW_MS))).toMatchObject({
      id: "t/3/42",
      source: "kafka:c1",
      type: "users.UserSignedUp",
      time: "2026-11-23T10:00:00.000Z",
      tenant: "default",
    });
  });

  it.each([2 ** 62, Number.NaN, -(2 ** 53)])(
    "has no time where its timestamp is %s",
    async (ms) => {
      expect(eventOf(await foreign(ms)).time).toBeNull();
    },
  );
});

describe("a writer schema", () => {
  /** A registry of one schema that counts how often it is asked, and may be away. */
  const countingRegistry = (avro: unknown): Registry & { asked: number; isAway: boolean } => {
    const registry = createMemoryRegistry();
    const counting = {
      ...registry,
      asked: 0,
      isAway: false,
      schemaById: (id: number): Promise<unknown> => {
        counting.asked += 1;
        const away = new SchemaError("REGISTRY_UNREACHABLE", "away");
        if (counting.isAway) return Promise.reject(away);
        const unknown = new SchemaError("SCHEMA_UNKNOWN", `no ${id}`);
        return id === 1 ? Promise.resolve(avro) : Promise.reject(unknown);
      },
    };
    return counting;
  };
  const framed = (id: number, ...bytes: number[]): Buffer => {
    const value = Buffer.from([0, 0, 0, 0, 0, ...bytes]);
    value.writeUInt32BE(id, 1);
    return value;
  };
  const headers = {
    ce_id: Buffer.from("i"),
    ce_source: Buffer.from("/s"),
    ce_type: Buffer.from("x.Y"),
    ce_specversion: Buffer.from("1.0"),
  };
  const recordWith = (value: Buffer): Parameters<Decoder["decode"]>[0] =>
    located({ key: null, value, headers });

  it("is asked for once, however often it is needed at a time", async () => {
    const registry = countingRegistry("int");
    const decoder = createDecoder(registry);

    expect(decoder.decode(recordWith(framed(1, 2)))).toEqual({
      kind: "schema-needed",
      schemaId: 1,
    });
    await Promise.all([decoder.load(1), decoder.load(1)]);
    await decoder.load(1);

    expect(registry.asked).toBe(1);
    expect(eventOf(decoder.decode(recordWith(framed(1, 2)))).data).toBe(1);
  });

  it("that the registry does not know is asked for again before it counts as unknown", async () => {
    let nowMs = 0;
    const registry = countingRegistry("int");
    const decoder = createDecoder(registry, { now: () => nowMs });

    for (nowMs of [0, UNKNOWN_GRACE_MS - 1]) {
      await expect(decoder.load(7)).rejects.toMatchObject({ code: "SCHEMA_UNKNOWN" });
      expect(decoder.decode(recordWith(framed(7, 2)))).toMatchObject({ kind: "schema-needed" });
    }
    nowMs = UNKNOWN_GRACE_MS;
    await decoder.load(7);

    expect(decoder.decode(recordWith(framed(7, 2)))).toMatchObject({ code: "SCHEMA_UNKNOWN" });
    expect(registry.asked).toBe(3);
  });

  it("that turns up within the grace is taken", async () => {
    const registry = createMemoryRegistry();
    const decoder = createDecoder(registry, { now: () => 0 });

    await expect(decoder.load(1)).rejects.toMatchObject({ code: "SCHEMA_UNKNOWN" });
    await registry.register("s", "int");
    await decoder.load(1);

    expect(eventOf(decoder.decode(recordWith(framed(1, 2)))).data).toBe(1);
  });

  it("stays unknown for a while, then is asked for again, without another grace", async () => {
    let nowMs = 0;
    const registry = countingRegistry("int");
    const decoder = createDecoder(registry, { now: () => nowMs });
    await decoder.load(7).catch(() => undefined);
    nowMs = UNKNOWN_GRACE_MS;
    await decoder.load(7);
    nowMs += 9_999;
    expect(decoder.decode(recordWith(framed(7, 2)))).toMatchObject({ code: "SCHEMA_UNKNOWN" });

    nowMs += 1;
    expect(decoder.decode(recordWith(framed(7, 2)))).toMatchObject({ kind: "schema-needed" });
    await decoder.load(7);

    expect(decoder.decode(recordWith(framed(7, 2)))).toMatchObject({ code: "SCHEMA_UNKNOWN" });
  });

  it("that is not waited for counts as unknown at once", async () => {
    const decoder = createDecoder(countingRegistry("int"), { unknownGraceMs: 0 });

    await decoder.load(7);

    expect(decoder.decode(recordWith(framed(7, 2)))).toMatchObject({ code: "SCHEMA_UNKNOWN" });
  });

  it("is never called unknown while the registry is away", async () => {
    const registry = countingRegistry("int");
    registry.isAway = true;
    const decoder = createDecoder(registry, { unknownGraceMs: 0 });

    await expect(decoder.load(1)).rejects.toMatchObject({ code: "REGISTRY_UNREACHABLE" });
    expect(decoder.decode(recordWith(framed(1, 2)))).toMatchObject({ kind: "schema-needed" });
    registry.isAway = false;
    await decoder.load(1);

    expect(eventOf(decoder.decode(recordWith(framed(1, 2)))).data).toBe(1);
  });

  it("is not forgotten for a stream of ids that nobody registered", async () => {
    const registry = countingRegistry("int");
    const decoder = createDecoder(registry, { unknownGraceMs: 0 });
    await decoder.load(1);

    for (let id = 2; id < 3_000; id++) await decoder.load(id);

    expect(decoder.decode(recordWith(framed(1, 2)))).toMatchObject({ kind: "event" });
  });

  it.each([
    ["larger than 64 KiB", { type: "enum", name: "E", symbols: ["A"], doc: "x".repeat(70_000) }],
    ["no schema", { type: "nonsense" }],
    ["one that avsc refuses", { type: "enum", name: "E", symbols: ["toString"] }],
  ])("that is %s makes its records undecodable, and nothing else", async (_, avro) => {
    const decoder = createDecoder(countingRegistry(avro));

    await decoder.load(1);

    expect(decoder.decode(recordWith(framed(1, 0)))).toMatchObject({ code: "DECODE_FAILED" });
  });
});

describe("a reader schema", () => {
  const person = (...fields: object[]): object => ({ type: "record", name: "x.Y", fields });
  const name = { name: "name", type: "string" };
  const readAs = async (writer: object, reader: object, bytes: number[]): Promise<DecodeResult> => {
    const registry = createMemoryRegistry();
    const id = await registry.register("s", writer);
    const decoder = createDecoder(registry, { readerSchemas: new Map([["x.Y", reader]]) });
    await decoder.load(id);
    const headers = {
      ce_id: Buffer.from("i"),
      ce_source: Buffer.from("/s"),
      ce_type: Buffer.from("x.Y"),
      ce_specversion: Buffer.from("1.0"),
    };
    return decoder.decode(
      located({ key: null, value: Buffer.from([0, 0, 0, 0, id, ...bytes]), headers }),
    );
  };

  it("fills in what older events lack, and passes over what it does not know", async () => {
    const result = await readAs(
      person(name, { name: "old", type: { type: "array", items: "int" } }),
      person({ name: "age", type: "int", default: 7 }, name),
      [2, 0x61, 4, 2, 4, 0],
    );

    expect(eventOf(result).data).toEqual({ age: 7, name: "a" });
  });

  it("renames by aliases and widens numbers", async () => {
    const result = await readAs(
      person({ name: "n", type: "int" }),
      person({ name: "number", aliases: ["n"], type: ["null", "long"], default: null }),
      [6],
    );

    expect(eventOf(result).data).toEqual({ number: 3 });
  });

  it("that would give old bytes another meaning makes them undecodable", async () => {
    const millis = { name: "t", type: { type: "long", logicalType: "timestamp-millis" } };
    const micros = { name: "t", type: { type: "long", logicalType: "timestamp-micros" } };

    expect(await readAs(person(millis), person(micros), [2])).toEqual({
      kind: "undecodable",
      code: "DECODE_FAILED",
      detail:
        "schema 1: cannot be read as x.Y: t was timestamp-millis and is timestamp-micros, which gives old data another meaning",
    });
  });
});
