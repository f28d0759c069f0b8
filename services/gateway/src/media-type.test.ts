import { describe, expect, it } from "vitest";
import { eventFormOf } from "./media-type.ts";
import { Refusal } from "./problem.ts";

const attributes = { "ce-id": "1" };

describe("the form of a request", () => {
  it.each([
    ["json", { "content-type": "application/json" }],
    ["json", { "content-type": "Application/JSON ; Charset=UTF-8" }],
    ["json", { "content-type": 'application/json; charset="utf-8"' }],
    ["json", { "content-type": "application/json", "content-encoding": "identity" }],
    ["binary", { "content-type": "application/json", ...attributes }],
    ["binary", { "content-type": "application/vnd.acme+json", ...attributes }],
    ["structured", { "content-type": "application/cloudevents+json; charset=utf-8" }],
    ["structured", { "content-type": "application/cloudevents+json", ...attributes }],
    ["structured-batch", { "content-type": "application/cloudevents-batch+json" }],
  ])("is %s for %o", (form, headers) => {
    expect(eventFormOf(headers)).toBe(form);
  });

  it.each([
    {},
    { "content-type": "" },
    { "content-type": "text/plain" },
    { "content-type": "application/x-www-form-urlencoded" },
    { "content-type": "application/vnd.acme+json" },
    { "content-type": "application/avro", ...attributes },
    { "content-type": "application/cloudevents+avro" },
    { "content-type": "application/cloudevents" },
    { "content-type": "application/json; charset=utf-16" },
    { "content-type": "application/json", "content-encoding": "gzip" },
  ])("is none for %o", (headers) => {
    expect(() => eventFormOf(headers)).toThrow(Refusal);
  });
});
