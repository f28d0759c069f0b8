import { describe, expect, it } from "vitest";
import { headerTexts, readEnvelope } from "./envelope.ts";

const required = {
  ce_specversion: Buffer.from("1.0"),
  ce_id: Buffer.from("i"),
  ce_source: Buffer.from("/s"),
  ce_type: Buffer.from("t.T"),
};

describe("an envelope", () => {
  it("is read from the headers alone", () => {
    expect(readEnvelope({ headers: required })).toEqual({
      id: "i",
      source: "/s",
      type: "t.T",
      time: null,
      subject: null,
      tenant: "default",
      partitionKey: null,
      traceparent: null,
      tracestate: null,
      extensions: {},
    });
  });

  it("is none where a required attribute is missing or empty", () => {
    for (const name of Object.keys(required)) {
      expect(readEnvelope({ headers: { ...required, [name]: undefined } })).toBeNull();
      expect(readEnvelope({ headers: { ...required, [name]: Buffer.from("") } })).toBeNull();
    }
  });

  it("has no time where the header is none that RFC 3339 knows", () => {
    const headers = { ...required, ce_time: Buffer.from("yesterday") };

    expect(readEnvelope({ headers })?.time).toBeNull();
  });

  it("takes the last of headers that repeat, as text", () => {
    const headers = {
      ...required,
      ce_subject: [Buffer.from("first"), Buffer.from("né")],
      ["__proto__"]: Buffer.from("x"),
    };

    expect(readEnvelope({ headers })?.subject).toBe("né");
    expect(headerTexts({ headers })["__proto__"]).toBe("x");
  });

  it("is read from headers that are told as text, without asking for more", () => {
    const record = {
      get headers(): never {
        throw new Error("nobody needs them");
      },
      eachHeaderText(tell: (name: string, text: string) => void): void {
        for (const [name, value] of Object.entries(required)) tell(name, String(value));
        tell("ce_id", "the last one");
        tell("ce_datacontenttype", "application/avro");
        tell("ce_sequence", "1");
        tell("millrace-tenant", "acme");
        tell("traceparent", "00-…");
      },
    };

    const envelope = readEnvelope(record);

    expect(envelope).toMatchObject({ id: "the last one", tenant: "acme", traceparent: "00-…" });
    expect({ ...envelope?.extensions }).toEqual({ sequence: "1" });
  });
});
