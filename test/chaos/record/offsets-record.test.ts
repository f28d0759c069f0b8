import { describe, expect, it } from "vitest";
import { readCommitRecord } from "./offsets-record.ts";

const COMMITTED_AT = 1_790_000_000_123;

const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const int64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
};
const text = (value: string): Buffer => Buffer.concat([int16(value.length), Buffer.from(value)]);
const key = (version: number): Buffer =>
  Buffer.concat([int16(version), text("chaos.crm"), text("users"), int32(7)]);

const COMMIT = {
  ...{ group: "chaos.crm", topic: "users", partition: 7, offset: 42 },
  ...{ metadata: "millrace/1:AQQ", committedAt: COMMITTED_AT },
};

describe("readCommitRecord", () => {
  it("reads a commit with a leader epoch (version 3)", () => {
    const value = Buffer.concat([
      ...[int16(3), int64(42), int32(5), text(COMMIT.metadata), int64(COMMITTED_AT)],
    ]);

    expect(readCommitRecord(key(1), value)).toEqual(COMMIT);
  });

  it("reads a commit in the flexible form (version 4), whatever tags follow", () => {
    const compact = Buffer.concat([
      Buffer.from([COMMIT.metadata.length + 1]),
      Buffer.from(COMMIT.metadata),
    ]);
    const value = Buffer.concat([
      ...[int16(4), int64(42), int32(5), compact, int64(COMMITTED_AT), Buffer.from([0])],
    ]);

    expect(readCommitRecord(key(1), value)).toEqual(COMMIT);
  });

  it("reads one without a leader epoch (version 1)", () => {
    const value = Buffer.concat([
      ...[int16(1), int64(42), text(COMMIT.metadata), int64(COMMITTED_AT), int64(0)],
    ]);

    expect(readCommitRecord(key(0), value)).toEqual(COMMIT);
  });

  it("leaves out group metadata and deleted offsets", () => {
    expect(readCommitRecord(key(2), Buffer.alloc(9))).toBeNull();
    expect(readCommitRecord(key(1), null)).toBeNull();
  });

  it("refuses a version that it does not know", () => {
    expect(() => readCommitRecord(key(1), int16(5))).toThrow(/version 5/u);
  });
});
