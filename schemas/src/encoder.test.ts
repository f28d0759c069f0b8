import { describe, expect, it } from "vitest";
import { createCodec, NOW_MS } from "../fixtures/codec.ts";
import { catalogOf, recordOf, temporaryCatalog } from "../fixtures/temporary-catalog.ts";
import { inputOf, SAMPLE_DATA } from "../fixtures/sample-events.ts";
import {
  createEncoder,
  loadCatalog,
  SchemaError,
  type EmitInput,
  type EncodedEvent,
} from "./index.ts";

const text = (bytes: Uint8Array | null | undefined): string | null =>
  bytes === null || bytes === undefined ? null : Buffer.from(bytes).toString("utf8");

const headersOf = ({ headers }: EncodedEvent): Record<string, string | null> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, text(value)]));

/** What an encoder says against an input. */
function refusal(encode: () => unknown): SchemaError {
  try {
    encode();
  } catch (error) {
    if (error instanceof SchemaError) return error;
    throw error;
  }
  throw new Error("it was encoded");
}

describe("an encoded event", () => {
  it("stands on the wire as the contract says, byte for byte", async () => {
    const { encoder, ids } = await createCodec();

    const event = encoder.encode(
      inputOf("flights.FlightDeparted", {
        id: "0190f3c2-7b1e-7c3a-9d52-0f6f7a3f8e11",
        source: "/flights-service",
        time: "2013-01-01T10:17:00Z",
        subject: "UA1545",
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        tracestate: "vendor=1",
      }),
    );

    expect(ids.get("flights.FlightDeparted")).toBe(7);
    expect(event.topic).toBe("flights");
    expect(text(event.key)).toBe("N14228");
    expect(headersOf(event)).toEqual({
      "content-type": "application/avro",
      ce_specversion: "1.0",
      ce_id: "0190f3c2-7b1e-7c3a-9d52-0f6f7a3f8e11",
      ce_source: "/flights-service",
      ce_type: "flights.FlightDeparted",
      ce_time: "2013-01-01T10:17:00Z",
      ce_subject: "UA1545",
      ce_partitionkey: "N14228",
      ce_dataschema: "http://registry:8081/schemas/ids/7",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      tracestate: "vendor=1",
    });
    expect(Buffer.from(event.value).toString("hex")).toBe(
      [
        "00 00000007", // magic byte, schema id
        "0c 4e3134323238", // N14228
        "04 5541", // UA
        "9218", // 1545
        "06 455752", // EWR
        "06 494148", // IAH
        "04", // 2
      ]
        .join("")
        .replaceAll(" ", ""),
    );
  });

  it("gets a UUIDv7 and a time where it has none", async () => {
    const { encoder } = await createCodec();

    const event = encoder.encode(inputOf("users.UserSignedUp"));

    expect(event.id).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(Number.parseInt(event.id.replaceAll("-", "").slice(0, 12), 16)).toBe(NOW_MS);
    expect(headersOf(event)).toMatchObject({
      ce_id: event.id,
      ce_time: "2026-11-23T10:00:00.000Z",
    });
  });

  it("carries extensions, and a tenant only where it is not the default", async () => {
    const { encoder } = await createCodec();
    const extensions = { sequence: "007", partitionkey: "mine" };

    const event = encoder.encode(inputOf("users.UserSignedUp", { extensions, tenant: "acme" }));
    const plain = encoder.encode(inputOf("users.UserSignedUp", { tenant: "default" }));

    expect(headersOf(event)).toMatchObject({
      ce_sequence: "007",
      ce_partitionkey: "mine",
      "millrace-tenant": "acme",
    });
    expect(text(event.key)).toBe("mine");
    expect(headersOf(plain)).not.toHaveProperty("millrace-tenant");
  });

  it("does not carry the registry's credentials", async () => {
    const { catalog, ids } = await createCodec();
    const encoder = createEncoder(catalog, ids, { registryUrl: "https://me:secret@registry/v7/" });

    const { headers } = encoder.encode(inputOf("users.UserSignedUp"));

    expect(text(headers["ce_dataschema"])).toBe("https://registry/v7/schemas/ids/1");
  });

  it("may be larger than the encoder's own buffer", async () => {
    const { encoder } = await createCodec();
    const note = "x".repeat(200_000);

    const event = encoder.encode(
      inputOf("orders.OrderCancelled", { data: { orderId: "o", reason: "FRAUD", note } }),
    );

    expect(event.value.length).toBe(5 + 2 + 1 + 1 + 3 + note.length);
    expect(Buffer.from(event.value.buffer).includes("tailNumber")).toBe(false);
  });
});

describe("the record key", () => {
  const keyOf = async (more: Partial<EmitInput>): Promise<string | null> => {
    const { encoder } = await createCodec();
    return text(encoder.encode(inputOf("users.UserSignedUp", more)).key);
  };

  it("is the caller's, else partitionkey, else the catalog's field", async () => {
    expect(await keyOf({ key: "k", extensions: { partitionkey: "p" } })).toBe("k");
    expect(await keyOf({ extensions: { partitionkey: "p" } })).toBe("p");
    expect(await keyOf({})).toBe("u-1");
  });

  it("is refused where the data has none that could be one", async () => {
    const { encoder } = await createCodec();
    const data = { ...SAMPLE_DATA["users.UserSignedUp"], userId: "" };

    const error = refusal(() => encoder.encode(inputOf("users.UserSignedUp", { data })));

    expect(error.problems).toEqual([
      { pointer: "/data/userId", detail: "is the record key: must be a string that is not empty" },
    ]);
  });

  it.each([
    [{ name: "id2", type: "long", default: 7 }, {}, "7"],
    [{ name: "id2", type: ["null", "string"], default: null }, {}, null],
    [{ name: "id2", type: "long" }, { id2: 9_007_199_254_740_993n }, "9007199254740993"],
    [{ name: "constructor", type: "string", default: "c" }, {}, "c"],
  ])("of the field %j with the data %o is %s", async (field, data, key) => {
    const yaml = catalogOf("A").replace("owner: us", `owner: us, key: ${field.name}`);
    await using files = await temporaryCatalog(yaml, { "A.avsc": recordOf("A", [field]) });
    const encoder = createEncoder(await loadCatalog(files.path), new Map([["things.A", 1]]));

    const event = encoder.encode({ type: "things.A", source: "/t", data: { id: "i", ...data } });

    expect(text(event.key)).toBe(key);
  });
});

describe("an input that is refused", () => {
  it("names all that is wrong, in attributes and data", async () => {
    const { encoder } = await createCodec();
    const data = { orderId: 5, reason: "FRAUDD", noteX: "" };

    const error = refusal(() =>
      encoder.encode({
        type: "orders.OrderCancelled",
        source: "",
        time: "2026-02-30T00:00:00Z",
        subject: "two\nlines",
        extensions: { "Not-Valid": "x", id: "x", fine: "y" },
        data,
      }),
    );

    expect(error.code).toBe("EVENT_INVALID");
    expect(error.problems.map(({ pointer }) => pointer)).toEqual([
      "/source",
      "/subject",
      "/time",
      "/extensions/Not-Valid",
      "/extensions/id",
      "/data/noteX",
      "/data/orderId",
      "/data/reason",
    ]);
    expect(error.message).toBe(
      "event of type orders.OrderCancelled: /source must be a string that is not empty (and 7 more)",
    );
  });

  it("names a type that the catalog nearly has", async () => {
    const { encoder } = await createCodec();

    const error = refusal(() => encoder.validate("users.ProfileUpdate", {}));

    expect(error).toMatchObject({
      code: "EVENT_TYPE_UNKNOWN",
      message:
        "no such event type in the catalog: users.ProfileUpdate (did you mean users.ProfileUpdated?)",
    });
  });

  it("is one whose schema has no id yet, which can still be validated", async () => {
    const { catalog } = await createCodec();
    const encoder = createEncoder(catalog, new Map());

    expect(encoder.validate("users.UserSignedUp", SAMPLE_DATA["users.UserSignedUp"])).toEqual([]);
    expect(refusal(() => encoder.encode(inputOf("users.UserSignedUp"))).code).toBe(
      "SCHEMA_UNKNOWN",
    );
  });

  it("is one that no decoder would take back", async () => {
    const field = { name: "nulls", type: { type: "array", items: "null" } };
    await using files = await temporaryCatalog(catalogOf("A"), {
      "A.avsc": recordOf("A", [field]),
    });
    const encoder = createEncoder(await loadCatalog(files.path), new Map([["things.A", 1]]));
    const data = { id: "i", nulls: Array.from({ length: 20_000 }, () => null) };

    const error = refusal(() => encoder.encode({ type: "things.A", source: "/t", data }));

    expect(error).toMatchObject({
      code: "EVENT_INVALID",
      problems: [
        {
          pointer: "/data",
          detail: "could not be read back: it holds too many items that take no bytes",
        },
      ],
    });
  });
});
