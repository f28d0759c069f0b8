import { describe, expect, it } from "vitest";
import { throttleItem } from "./throttle-item.ts";

const at = Date.UTC(2026, 0, 1);
const asked = { until: at + 20_000, wish: { by: "p1", reason: "HTTP_THROTTLED", at } };

describe("the time that a target asked for", () => {
  it("is shown while it lasts, with who was asked", () => {
    expect(throttleItem(asked, at + 19_999)).toEqual({
      by: "p1",
      since: "2026-01-01T00:00:00.000Z",
      until: "2026-01-01T00:00:20.000Z",
    });
  });

  it("is nothing once it is over, although its entry stands", () => {
    expect(throttleItem(asked, at + 20_000)).toBeNull();
    expect(throttleItem(null, at)).toBeNull();
  });
});
