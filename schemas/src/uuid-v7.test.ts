import { describe, expect, it } from "vitest";
import { createUuidV7, uuidV7 } from "./uuid-v7.ts";

const FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

it("differs from every other", () => {
  const ids = new Set(Array.from({ length: 20_000 }, () => uuidV7(1)));

  expect(ids.size).toBe(20_000);
});

describe("a UUID of version 7", () => {
  it("has the form, and the millisecond it was made in", () => {
    const epochMs = 1_795_428_000_000;
    const id = uuidV7(epochMs);

    expect(id).toMatch(FORM);
    expect(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16)).toBe(epochMs);
  });

  it("sorts after those made before it, also within a millisecond and when the clock goes back", () => {
    const uuidOf = createUuidV7();
    const ids = [5, 5, 5, 6, 6, 4, 4, 7].flatMap((epochMs) =>
      Array.from({ length: 5_000 }, () => uuidOf(epochMs)),
    );

    expect(ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? ""))).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => FORM.test(id))).toBe(true);
  });
});
