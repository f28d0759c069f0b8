import { MillraceError } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import type { LineMapping } from "../input/event-line.ts";
import { endOfError } from "./line-end.ts";

const MAPPING: LineMapping = {
  type: null,
  typeField: "kind",
  timeField: "at",
  keyField: "plane",
  source: "urn:t",
};

describe("endOfError", () => {
  it("tells the problems of an event with pointers into the line", () => {
    const problems = [
      { pointer: "/data/flight", detail: "must be an int" },
      { pointer: "/time", detail: "must be RFC 3339" },
      { pointer: "/key", detail: "must not be empty" },
      { pointer: "/source", detail: "must be a URI" },
    ];
    const error = new MillraceError("EMIT_INVALID", "event", { details: { problems } });

    const end = endOfError(error, MAPPING);

    expect(end).toMatchObject({ kind: "invalid" });
    expect(end.kind === "invalid" ? end.problems.map(({ pointer }) => pointer) : []).toEqual([
      "/flight",
      "/at",
      "/plane",
      "/source",
    ]);
  });

  it("blames the type's field for an unknown type", () => {
    const end = endOfError(new MillraceError("EMIT_UNKNOWN_TYPE", "no such type"), MAPPING);

    expect(end).toEqual({
      kind: "invalid",
      problems: [{ pointer: "/kind", detail: "no such type" }],
    });
  });

  it.each(["EMIT_UNACKNOWLEDGED", "TOPIC_MISSING", "BROKER_UNREACHABLE"] as const)(
    "stops at %s, which is not about the event",
    (code) => {
      const error = new MillraceError(code, "away");

      expect(endOfError(error, MAPPING)).toEqual({ kind: "failed", error });
    },
  );

  it("stops at what nobody foresaw", () => {
    const error = new TypeError("x is not a function");

    expect(endOfError(error, MAPPING)).toEqual({ kind: "failed", error });
  });
});
