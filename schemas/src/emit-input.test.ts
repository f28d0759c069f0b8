import { describe, expect, it } from "vitest";
import { attributeProblems, type EmitInput } from "./emit-input.ts";

const input = (more: object): EmitInput => ({ type: "t.T", source: "/s", data: {}, ...more });

describe("the attributes of an input", () => {
  it("may all be there, in any script", () => {
    const more = { id: "1", subject: "né 🚀", key: "k", extensions: { a1: "x" }, tenant: "acme" };

    expect(attributeProblems(input(more))).toEqual([]);
  });

  it.each([
    ["/id", { id: "" }, "must be a string that is not empty"],
    ["/id", { id: 5 }, "must be a string that is not empty"],
    ["/key", { key: "x".repeat(4_097) }, "must not be longer than 4096 characters"],
    ["/subject", { subject: "a\u0000b" }, "must not hold control characters or lone surrogates"],
    ["/subject", { subject: "\ud800" }, "must not hold control characters or lone surrogates"],
    [
      "/source",
      { source: "two words" },
      "must be a URI reference: no spaces, quotes, braces or backslashes",
    ],
    ["/time", { time: "2026-11-23 10:00" }, "must be an RFC 3339 date and time"],
    ["/time", { time: 5 }, "must be a string that is not empty"],
    [
      "/extensions/Upper",
      { extensions: { Upper: "x" } },
      "must have a name of lower-case letters and digits",
    ],
    [
      "/extensions/a~1b",
      { extensions: { "a/b": "x" } },
      "must have a name of lower-case letters and digits",
    ],
    ["/extensions/time", { extensions: { time: "x" } }, "is an attribute of its own (ce_time)"],
    ["/extensions/n", { extensions: { n: 5 } }, "must be a string that is not empty"],
  ])("are refused at %s", (...[pointer, more, detail]) => {
    expect(attributeProblems(input(more))).toEqual([{ pointer, detail }]);
  });
});
