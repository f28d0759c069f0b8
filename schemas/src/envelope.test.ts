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
});
