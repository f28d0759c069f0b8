import { describe, expect, it } from "vitest";
import { FRAME_BYTES, framedSchemaId, writeFrame } from "./framing.ts";

describe("Confluent's frame", () => {
  it.each([
    ["0000000001", 1],
    ["000000002a0102", 42],
    ["00ffffffff", 4_294_967_295],
    ["0000000000", 0],
    ["00000000", null],
    ["", null],
    ["0100000001", null],
    ["7b2261223a317d", null],
  ])("%s holds the id %s", (hex, id) => {
    expect(framedSchemaId(Buffer.from(hex, "hex"))).toBe(id);
  });

  it("is a zero byte and the id in four bytes, the highest first", () => {
    const target = Buffer.alloc(FRAME_BYTES, 0xee);

    writeFrame(target, 0x01020304);

    expect(target.toString("hex")).toBe("0001020304");
  });
});
