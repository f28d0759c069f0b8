import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decimalFormat, decimalFromBytes, decimalToBytes, normalDecimal } from "./decimal.ts";

describe("a decimal on the wire", () => {
  it.each([
    ["0", 0, "00"],
    ["127", 0, "7f"],
    ["128", 0, "0080"],
    ["-128", 0, "80"],
    ["-129", 0, "ff7f"],
    ["-0.01", 2, "ff"],
    ["12345678901234567890.12", 2, "42ed123b0bd8203a14"],
  ])("%s at scale %i is %s", (text, scale, hex) => {
    expect(decimalToBytes(text, null).toString("hex")).toBe(hex);
    expect(decimalFromBytes(Buffer.from(hex, "hex"), scale)).toBe(text);
  });

  it("fills a fixed size with its sign", () => {
    expect(decimalToBytes("-1", 4).toString("hex")).toBe("ffffffff");
    expect(decimalToBytes("1", 4).toString("hex")).toBe("00000001");
  });

  it("of no bytes is zero", () => {
    expect(decimalFromBytes(Buffer.alloc(0), 2)).toBe("0.00");
  });

  it("comes back as it was, whatever it is", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
        fc.nat(40),
        (value, scale) => {
          const text = normalDecimal(value.toString(), { precision: 120, scale });

          expect(text).not.toBeNull();
          expect(decimalFromBytes(decimalToBytes(text ?? "", null), scale)).toBe(text);
        },
      ),
    );
  });
});

describe("the text of a decimal", () => {
  const format = { precision: 5, scale: 2 };
  it.each([
    ["1", "1.00"],
    ["-1.5", "-1.50"],
    ["999.99", "999.99"],
    ["000999.990", "999.99"],
    ["-0", "0.00"],
    ["1000", null],
    ["1.001", null],
    ["1e2", null],
    ["+1", null],
    [".5", null],
    ["1.", null],
    ["", null],
    ["1 ", null],
    ["1\n", null],
    ["١", null],
    ["9".repeat(1_000_000), null],
  ])("%j becomes %s", (text, normal) => {
    expect(normalDecimal(text, format)).toBe(normal);
  });
});

describe("the format of a decimal", () => {
  it.each([
    [{ precision: 9 }, { precision: 9, scale: 0 }],
    [
      { precision: 9, scale: 9 },
      { precision: 9, scale: 9 },
    ],
    [{ precision: 9, scale: 10 }, null],
    [{ precision: 0 }, null],
    [{ precision: 1.5 }, null],
    [{ precision: "9" }, null],
    [{ precision: 9, scale: -1 }, null],
    [
      { precision: 18, size: 8 },
      { precision: 18, scale: 0 },
    ],
    [{ precision: 19, size: 8 }, null],
    [{ precision: 2_000 }, null],
    [null, null],
  ])("of %j is %j", (schema, format) => {
    expect(decimalFormat(schema)).toEqual(format);
  });
});
