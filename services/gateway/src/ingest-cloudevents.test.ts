import { CloudEvent, HTTP } from "cloudevents";
import { describe, expect, it } from "vitest";
import { headersOf } from "../test-support/memory-sink.ts";
import { kindOf, placesOf, setupGateway, type TestGateway } from "../test-support/gateway.ts";
import { decodeHeaderValue } from "./binary-form.ts";

const STRUCTURED = { "content-type": "application/cloudevents+json" };
const BATCH = { "content-type": "application/cloudevents-batch+json" };
const DATA = { userId: "u1", changedAt: 0 };

const cloudEvent = (of: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  specversion: "1.0",
  id: "e1",
  source: "/tests",
  type: "users.PasswordChanged",
  data: DATA,
  ...of,
});

const binaryHeaders = {
  "ce-specversion": "1.0",
  "ce-id": "e1",
  "ce-source": "/tests",
  "ce-type": "users.PasswordChanged",
};

function recorded({ sink }: TestGateway): Readonly<Record<string, string>> {
  const [record] = sink.records;
  return record === undefined ? {} : headersOf(record);
}

describe("the CloudEvents SDK", () => {
  const event = new CloudEvent({
    id: "e1",
    source: "/tests",
    type: "users.PasswordChanged",
    subject: "grüße aus 100%",
    time: "2026-01-02T03:04:05.000Z",
    datacontenttype: "application/json",
    dataschema: "http://schemas/1",
    partitionkey: "k",
    region: "eu",
    data: DATA,
  });

  it.each([
    ["binary", HTTP.binary(event)],
    ["structured", HTTP.structured(event)],
  ])("is understood in %s mode", async (mode, { headers, body }) => {
    const gateway = await setupGateway();
    const texts = Object.entries(headers).map(([name, value]): [string, string] => {
      // The SDK does not percent-encode, which the HTTP binding asks for.
      return [name, mode === "binary" ? encode(String(value)) : String(value)];
    });
    const response = await gateway.post(body, Object.fromEntries(texts));

    expect(response.body).toContain('"accepted"');
    expect(gateway.sink.records[0]?.key?.toString()).toBe("k");
    expect(recorded(gateway)).toMatchObject({
      ce_id: "e1",
      ce_source: "/tests",
      ce_subject: "grüße aus 100%",
      ce_time: "2026-01-02T03:04:05.000Z",
      ce_partitionkey: "k",
      ce_region: "eu",
      "content-type": "application/avro",
      ce_dataschema: "memory://registry/schemas/ids/3",
    });
    expect(recorded(gateway)).not.toHaveProperty("ce_datacontenttype");
  });

  const encode = (value: string): string =>
    value.replaceAll(/[^\x21-\x7e]|["%]/gu, (character) => encodeURIComponent(character));
});

describe("a structured CloudEvent", () => {
  it("treats null as absent and writes extensions in their canonical form", async () => {
    const gateway = await setupGateway();
    const body = cloudEvent({ subject: null, count: 7, flag: true, none: null });
    const response = await gateway.post(body, STRUCTURED);

    expect(response.statusCode).toBe(202);
    expect(response.headers.location).toBe("/v1/events/%2Ftests/e1");
    expect(recorded(gateway)).toMatchObject({ ce_count: "7", ce_flag: "true" });
    expect(recorded(gateway)).not.toHaveProperty("ce_subject");
    expect(recorded(gateway)).not.toHaveProperty("ce_none");
  });

  it("may carry its JSON as base64", async () => {
    const gateway = await setupGateway();
    const encoded = Buffer.from(JSON.stringify(DATA)).toString("base64");
    const body = cloudEvent({ data: undefined, data_base64: encoded });

    expect((await gateway.post(body, STRUCTURED)).statusCode).toBe(202);
  });

  const base64 = (text: string): string => Buffer.from(text).toString("base64");

  it.each([
    ["another version", { specversion: "0.3" }, ["/specversion"]],
    ["no version", { specversion: undefined }, ["/specversion"]],
    ["no id", { id: undefined }, ["/id"]],
    ["no source", { source: null }, ["/source"]],
    ["an empty type", { type: "" }, ["/type"]],
    ["no data", { data: undefined }, ["/data"]],
    ["data twice", { data_base64: "e30=" }, ["/data_base64"]],
    ["base64 that is none", { data: undefined, data_base64: "e3" }, ["/data_base64"]],
    ["base64 of no JSON", { data: undefined, data_base64: base64("x") }, ["/data_base64"]],
    [
      "base64 that does not fit",
      { data: undefined, data_base64: base64('{"userId":"u"}') },
      ["/data_base64"],
    ],
    ["data that is no JSON", { datacontenttype: "text/xml", data: "<a/>" }, ["/datacontenttype"]],
    ["an object as extension", { ext: {} }, ["/ext"]],
    ["a fraction as extension", { ext: 1.5 }, ["/ext"]],
    ["an extension with a bad name", { Ext: "x" }, ["/Ext"]],
    ["data that does not fit", { data: { userId: "u" } }, ["/data/changedAt"]],
    ["a bad time", { time: "yesterday" }, ["/time"]],
  ])("with %s is refused with pointers", async (_what, of, places) => {
    const { post } = await setupGateway();
    const response = await post(cloudEvent(of), STRUCTURED);

    expect([response.statusCode, kindOf(response)]).toEqual([400, "event-invalid"]);
    expect(placesOf(response)).toEqual(places);
  });
});

describe("a batch of CloudEvents", () => {
  it("is acknowledged in its order", async () => {
    const { post } = await setupGateway();
    const response = await post([cloudEvent(), cloudEvent({ id: "e2" })], BATCH);

    expect(response.json()).toMatchObject({ accepted: [{ id: "e1" }, { id: "e2" }] });
  });

  it("is refused whole, with the index of each problem", async () => {
    const { post, sink } = await setupGateway();
    const response = await post([cloudEvent(), cloudEvent({ ext: [], id: null }), 7], BATCH);

    expect(placesOf(response)).toEqual(["/1/ext", "/1/id", "/2"]);
    expect(sink.records).toEqual([]);
  });

  it.each([[[]], [{}]])("such as %o is refused", async (body) => {
    const { post } = await setupGateway();

    expect(placesOf(await post(body, BATCH))).toEqual([""]);
  });
});

describe("a binary CloudEvent", () => {
  it("ignores a datacontenttype that some senders write beside content-type", async () => {
    const gateway = await setupGateway();
    const headers = { ...binaryHeaders, "ce-datacontenttype": "application/json" };

    expect((await gateway.post(DATA, headers)).statusCode).toBe(202);
    expect(recorded(gateway)).not.toHaveProperty("ce_datacontenttype");
  });

  it.each([
    ["a missing id", { "ce-id": undefined }, ["ce-id"]],
    ["another version", { "ce-specversion": "2.0" }, ["ce-specversion"]],
    ["a broken percent code", { "ce-id": "50%" }, ["ce-id"]],
    ["bytes that are no UTF-8", { "ce-id": "%ff" }, ["ce-id"]],
    ["an extension with a bad name", { "ce-a_b": "x" }, ["ce-a_b"]],
    ["a bad time", { "ce-time": "now" }, ["ce-time"]],
    ["a control character", { "ce-subject": "a%0ab" }, ["ce-subject"]],
    ["an empty key", { "ce-partitionkey": "" }, ["ce-partitionkey"]],
  ])("with %s is refused naming the header", async (_what, of, places) => {
    const { post } = await setupGateway();
    const all = Object.entries({ ...binaryHeaders, ...of });
    const headers = Object.fromEntries(
      all.filter((entry): entry is [string, string] => entry[1] !== undefined),
    );

    expect(placesOf(await post(DATA, headers))).toEqual(places);
  });

  it("points into the body where its data does not fit", async () => {
    const { post } = await setupGateway();

    expect(placesOf(await post({ userId: 1 }, binaryHeaders))).toEqual(["/userId", "/changedAt"]);
  });

  it.each([
    ["plain", "plain"],
    ["a b", "a b"],
    ["%E2%82%AC%20%25", "€ %"],
    ['"quoted \\"x\\" %41"', 'quoted "x" A'],
    ["%2541", "%41"],
    ["%4", null],
    ["%zz", null],
    ["%c3%28", null],
    ["\u00e9", null],
  ])("decodes the header value %s once", (value, text) => {
    expect(decodeHeaderValue(value)).toBe(text);
  });
});

describe("traces of CloudEvents", () => {
  const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
  const origin = `00-${"c".repeat(32)}-${"d".repeat(16)}-01`;

  it("follow the request, and the event keeps the one it began with", async () => {
    const gateway = await setupGateway();
    const headers = { ...STRUCTURED, traceparent, tracestate: "v=1" };
    await gateway.post(cloudEvent({ traceparent: origin }), headers);
    const { spans } = gateway.telemetry;

    expect(spans.map(({ name, options }) => [name, options.kind])).toEqual([
      ["POST /v1/events", "server"],
      ["send users", "producer"],
    ]);
    expect(spans[0]?.options.parent).toEqual({ traceparent, tracestate: "v=1" });
    expect(spans[1]?.options.parent?.traceparent).toContain("a".repeat(32));
    expect(recorded(gateway)["traceparent"]).toContain("a".repeat(32));
    expect(recorded(gateway)["ce_traceparent"]).toBe(origin);
    expect(spans.every(({ ended }) => ended)).toBe(true);
  });

  it("go on from the event's own where the request has none", async () => {
    const gateway = await setupGateway();
    await gateway.post(cloudEvent({ traceparent: origin }), STRUCTURED);

    expect(recorded(gateway)["traceparent"]).toContain("c".repeat(32));
    expect(recorded(gateway)["ce_traceparent"]).toBe(origin);
  });

  it.each(["garbage", `00-${"0".repeat(32)}-${"b".repeat(16)}-01`])(
    "never cost an event: %s",
    async (bad) => {
      const gateway = await setupGateway();
      const response = await gateway.post(cloudEvent(), { ...STRUCTURED, traceparent: bad });

      expect(response.statusCode).toBe(202);
      expect(gateway.telemetry.spans[0]?.options.parent).toBeNull();
    },
  );
});
