import { asOffset, asPartition, asTopic, type SourceRecord } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { copyRecord, sizeOf } from "./record-copy.ts";

function viewOf(response: Buffer): SourceRecord {
  return {
    topic: asTopic("users"),
    partition: asPartition(3),
    offset: asOffset(42),
    timestampMs: 1_700_000_000_000,
    key: response.subarray(0, 2),
    value: response.subarray(2, 7),
    headers: {
      ce_id: response.subarray(7, 9),
      many: [response.subarray(9, 10), response.subarray(10, 12)],
      none: undefined,
    },
  };
}

describe("copyRecord", () => {
  it("keeps every byte and the place in the log", () => {
    const record = viewOf(Buffer.from("k1valueidabc"));

    const copy = copyRecord(record);

    expect(copy).toMatchObject({ topic: "users", partition: 3, offset: 42 });
    expect(String(copy.key)).toBe("k1");
    expect(String(copy.value)).toBe("value");
    expect(String(copy.headers["ce_id"])).toBe("id");
    expect([copy.headers["many"]].flat().map(String)).toEqual(["a", "bc"]);
  });

  it("shares nothing with the response it came from", () => {
    const response = Buffer.from("k1valueidabc");

    const copy = copyRecord(viewOf(response));
    response.fill(0);

    expect(String(copy.value)).toBe("value");
    expect(copy.value?.buffer.byteLength).toBe(12);
  });

  it("keeps null apart from empty", () => {
    const record = { ...viewOf(Buffer.from("k1valueidabc")), key: null, value: Buffer.alloc(0) };

    const copy = copyRecord(record);

    expect(copy.key).toBeNull();
    expect(copy.value).toHaveLength(0);
    expect(sizeOf(copy)).toBe(5);
  });
});
