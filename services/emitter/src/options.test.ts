import { describe, expect, it } from "vitest";
import { EMITTER_LIMITS, resolveLimits } from "./options.ts";

describe("limits of an emitter", () => {
  it("have defaults", () => {
    expect(resolveLimits({})).toEqual(EMITTER_LIMITS);
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("refuse %d", (value) => {
    expect(() => resolveLimits({ bufferEventsMax: value })).toThrow(
      /EmitterOptions\.bufferEventsMax must be a whole number above 0/u,
    );
  });
});
