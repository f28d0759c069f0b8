import { performance } from "node:perf_hooks";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomData, randomSchema } from "../../fixtures/random-schema.ts";
import { compileSchema, type AvroSchema } from "./avro-type.ts";
import { compileCoerce } from "./coerce.ts";
import { compilePreScan } from "./pre-scan.ts";
import { parseSchema } from "./schema-node.ts";

/** fast-check prints seed and path of a failure; with them here the same run repeats: `fc.assert(..., { seed, path })`. */
const RECORDS_EACH = 10;

interface Sample {
  readonly schema: AvroSchema;
  readonly records: readonly Buffer[];
}

const samples: fc.Arbitrary<Sample> = randomSchema
  .chain((avro) => {
    const values = fc.array(randomData(parseSchema(avro)), {
      minLength: RECORDS_EACH,
      maxLength: RECORDS_EACH,
    });
    return fc.tuple(fc.constant(avro), values);
  })
  .map(([avro, values]) => {
    const schema = compileSchema(avro);
    const coerce = compileCoerce(schema.node);
    return { schema, records: values.map((value) => schema.type.toBuffer(coerce(value).value)) };
  });

/** What damage does to bytes: changed, cut, repeated, or replaced by the start of a huge number. */
const damage = fc.record({
  kind: fc.constantFrom("flip", "cut", "double", "huge"),
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  byte: fc.nat(255),
});

function damaged(bytes: Buffer, by: { kind: string; at: number; byte: number }): Buffer {
  const at = Math.floor(by.at * bytes.length);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at + 1)];
  switch (by.kind) {
    case "cut":
      return before;
    case "double":
      return Buffer.concat([before, bytes.subarray(at), bytes.subarray(at)]);
    case "huge":
      return Buffer.concat([before, Buffer.from([0x80 | by.byte, 0xa8, 0xd6, 0xb9, 0x07]), after]);
    default:
      return Buffer.concat([before, Buffer.from([by.byte]), after]);
  }
}

describe("the pre-scan of random records", () => {
  it("passes 5,000 valid ones", () => {
    let count = 0;
    fc.assert(
      fc.property(samples, ({ schema, records }) => {
        const scan = compilePreScan(schema.node);
        for (const record of records) expect(scan(record, 0)).toBeNull();
        count += records.length;
      }),
      { numRuns: 500 },
    );

    expect(count).toBeGreaterThanOrEqual(5_000);
  });

  it("of 20,000 damaged ones passes only those that avsc reads, in time and memory", () => {
    const counts = { scanned: 0, passed: 0, slowestMs: 0 };
    fc.assert(
      fc.property(
        samples,
        fc.array(damage, { minLength: 10, maxLength: 10 }),
        ({ schema, records }, damages) => {
          const scan = compilePreScan(schema.node);
          for (const record of records) {
            for (const by of damages) judge(damaged(record, by), { schema, scan, counts });
          }
        },
      ),
      { numRuns: 300 },
    );

    expect(counts.scanned).toBeGreaterThanOrEqual(20_000);
    expect(counts.passed).toBeGreaterThan(1_000);
    expect(counts.slowestMs).toBeLessThan(250);
  });
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
    expect(() => schema.type.fromBuffer(bytes) as unknown).not.toThrow();
  }
  counts.slowestMs = Math.max(counts.slowestMs, performance.now() - startedMs);
}
