import { describe, expect, it } from "vitest";
import { readEvent } from "./event-file.ts";

describe("readEvent", () => {
  it("reads an envelope and data, extensions apart", () => {
    const text = JSON.stringify({
      specversion: "1.0",
      type: "t",
      id: "1",
      source: "urn:t",
      time: null,
      priority: "high",
      data: { n: 1 },
    });

    expect(readEvent(text, "f")).toEqual({
      type: "t",
      data: { n: 1 },
      attributes: { id: "1", source: "urn:t" },
      extensions: { priority: "high" },
    });
  });

  it.each([
    ["[]", "must be a JSON object"],
    ["{", "no JSON"],
    ["{}", "/type is missing\n  /data is missing"],
    ['{"type":"t","data":{},"id":5}', "/id must be a text"],
  ])("says what is wrong with %s", (text, why) => {
    expect(() => readEvent(text, "f")).toThrow(why);
  });
});
