import { CloudEvent, Kafka } from "cloudevents";
import { describe, expect, it } from "vitest";
import { createCodec, located } from "../fixtures/codec.ts";
import { DECODED_DATA, inputOf } from "../fixtures/sample-events.ts";

const ID = "0190f3c2-7b1e-7c3a-9d52-0f6f7a3f8e11";

/** The SDK wants headers as text, though Kafka clients deliver bytes. */
function textHeaders(headers: Readonly<Record<string, Uint8Array>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Buffer.from(value).toString("utf8")]),
  );
}

describe("the CloudEvents SDK", () => {
  it("reads our records as valid events with the same attributes", async () => {
    const { encoder } = await createCodec();
    const record = encoder.encode(
      inputOf("users.UserSignedUp", {
        id: ID,
        source: "/user-service",
        subject: "u-1",
        time: "2026-11-23T10:00:00.000Z",
        extensions: { sequence: "0007" },
      }),
    );
    const message = {
      key: Buffer.from(record.key ?? []).toString("utf8"),
      headers: textHeaders(record.headers),
      value: record.value,
      body: record.value,
    };

    const read = Kafka.toEvent(message);

    if (!(read instanceof CloudEvent)) throw new Error("one event was written");
    expect(read.validate()).toBe(true);
    expect(read).toMatchObject({
      specversion: "1.0",
      id: ID,
      source: "/user-service",
      type: "users.UserSignedUp",
      subject: "u-1",
      time: "2026-11-23T10:00:00.000Z",
      datacontenttype: "application/avro",
      dataschema: "http://registry:8081/schemas/ids/1",
      partitionkey: "u-1",
      sequence: "0007",
    });
  });

  it("writes records that we read, with its ce_datacontenttype", async () => {
    const { encoder, decoder } = await createCodec();
    const { value } = encoder.encode(inputOf("users.UserSignedUp"));
    const event = new CloudEvent({
      id: ID,
      source: "/other-service",
      type: "users.UserSignedUp",
      datacontenttype: "application/avro",
      partitionkey: "u-1",
      sequence: "1",
      data: value,
    });
    const { headers } = Kafka.binary(event);
    const bytes = Object.fromEntries(
      Object.entries(headers).flatMap(([name, text]) =>
        typeof text === "string" ? [[name, Buffer.from(text)]] : [],
      ),
    );

    const result = decoder.decode(located({ key: Buffer.from("u-1"), value, headers: bytes }));

    if (result.kind !== "event") throw new Error(JSON.stringify(result));
    expect(bytes).toHaveProperty("ce_datacontenttype");
    expect(result.event).toMatchObject({
      id: ID,
      source: "/other-service",
      type: "users.UserSignedUp",
      time: event.time,
      partitionKey: "u-1",
      data: DECODED_DATA["users.UserSignedUp"],
    });
    expect({ ...result.event.extensions }).toEqual({ sequence: "1" });
  });
});
