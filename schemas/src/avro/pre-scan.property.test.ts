import { performance } from "node:perf_hooks";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { below, randomData, randomFrom, type Random } from "../../fixtures/random-data.ts";
import { randomSchema } from "../../fixtures/random-schema.ts";
import { compileSchema, type AvroSchema } from "./avro-type.ts";
import { compileCoerce } from "./coerce.ts";
import { compilePreScan } from "./pre-scan.ts";

/**
 * fast-check prints the seed and the path of a failure, and the schema and data seed it came to; with `{ seed, path }` as
 * options of `fc.assert` the same run repeats.
 */
const RUNS = { numRuns: 500 };
const RECORDS_EACH = 10;
const DAMAGES_EACH = 5;
const TIMEOUT_MS = 60_000;

/** Valid records of a schema. */
function recordsOf(schema: AvroSchema, random: Random): readonly Buffer[] {
  const coerce = compileCoerce(schema.node);
  return Array.from({ length: RECORDS_EACH }, () =>
    schema.type.toBuffer(coerce(randomData(schema.node, random)).value),
  );
}

/** What damage does to bytes: changed, cut, repeated, or replaced by the start of a huge number. */
function damaged(bytes: Buffer, random: Random): Buffer {
  const at = below(random, bytes.length);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at + 1)];
  const byte = below(random, 256);
  switch (below(random, 5)) {
    case 0:
      return before;
    case 1:
      return Buffer.concat([before, bytes.subarray(at), bytes.subarray(at)]);
    case 2:
      return Buffer.concat([before, Buffer.from([0x80 | byte, 0xa8, 0xd6, 0xb9, 0x07]), after]);
    default:
      return Buffer.concat([before, Buffer.from([byte]), after]);
  }
}

describe("the pre-scan of random records", () => {
  it("passes 5,000 valid ones", { timeout: TIMEOUT_MS }, () => {
    let count = 0;
    fc.assert(
      fc.property(randomSchema, fc.integer(), (avro, seed) => {
        const schema = compileSchema(avro);
        const scan = compilePreScan(schema.node);
        for (const record of recordsOf(schema, randomFrom(seed))) {
          expect(scan(record, 0)).toBeNull();
          count += 1;
        }
      }),
      RUNS,
    );

    expect(count).toBeGreaterThanOrEqual(5_000);
  });

  it(
    "passes of 25,000 damaged ones only those that avsc reads, in time and memory",
    { timeout: TIMEOUT_MS },
    () => {
      const counts = { scanned: 0, passed: 0, slowestMs: 0 };
      fc.assert(
        fc.property(randomSchema, fc.integer(), (avro, seed) => {
          const [schema, random] = [compileSchema(avro), randomFrom(seed)];
          const scan = compilePreScan(schema.node);
          for (const record of recordsOf(schema, random)) {
            for (let count = 0; count < DAMAGES_EACH; count++) {
              judge(damaged(record, random), { schema, scan, counts });
            }
          }
        }),
        RUNS,
      );

      expect(counts.scanned).toBeGreaterThanOrEqual(25_000);
      expect(counts.passed).toBeGreaterThan(1_000);
      // A bomb that got through stalls for seconds, or ends the process.
      expect(counts.slowestMs).toBeLessThan(1_000);
    },
  );
});

function judge(
  bytes: Buffer,
  by: {
    schema: AvroSchema;
    scan: ReturnType<typeof compilePreScan>;
    counts: { scanned: number; passed: number; slowestMs: number };
  },
): void {
  const { schema, scan, counts } = by;
  const startedMs = performance.now();
  counts.scanned += 1;
  if (scan(bytes, 0) === null) {
    counts.passed += 1;
    schema.type.fromBuffer(bytes);
  }
  counts.slowestMs = Math.max(counts.slowestMs, performance.now() - startedMs);
}
