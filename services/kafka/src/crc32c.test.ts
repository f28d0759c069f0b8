import { describe, expect, it } from "vitest";
import { crc32c } from "./crc32c.ts";

describe("crc32c", () => {
  it.each([
    ["123456789", Buffer.from("123456789"), 0xe306_9283],
    ["nothing", Buffer.alloc(0), 0],
    ["32 zeros (RFC 3720 B.4)", Buffer.alloc(32), 0x8a91_36aa],
    ["32 ones (RFC 3720 B.4)", Buffer.alloc(32, 0xff), 0x62a8_ab43],
  ])("of %s", (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });

  it("begins where it is told", () => {
    expect(crc32c(Buffer.from("abc123456789"), 3)).toBe(0xe306_9283);
  });
});
