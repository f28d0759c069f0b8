/**
 * A walk over a record's bytes, directed by its writer schema, before avsc allocates anything for it.
 *
 * avsc believes the counts it reads: five bytes can say "an array of two billion nulls" and end the process with an
 * uncatchable out-of-memory. The walk allocates nothing and passes exactly the records whose decoding is bounded:
 * every count and length fits into the bytes that are left, items that take no bytes are capped, as are depth and the
 * number of values; every byte belongs to a value. A block's byte size must be true, because avsc jumps by it when a
 * reader schema lacks the field. Strings are UTF-8, since decoding others would change them silently.
 */
import { isUtf8, type Buffer } from "node:buffer";
import { DECIMAL_BYTES_MAX } from "./decimal.ts";
import type { RecordNode, SchemaNode, UnionNode } from "./schema-node.ts";

/** What a record may hold: nesting, values altogether, and array items that take no bytes. */
export const RECORD_LIMITS = { depthMax: 64, valuesMax: 1_000_000, emptyItemsMax: 10_000 } as const;

/** Looks at the Avro bytes `bytes[start..]`; returns what is wrong with them, or null. Never throws. */
export type PreScan = (bytes: Buffer, start: number) => string | null;

/** Compiles the walk of a schema. The result may be kept and used for any number of records, one at a time. */
export function compilePreScan(node: SchemaNode): PreScan {
  const walk = new WalkCompiler().walkOf(node);
  const cursor = new Cursor();
  return (bytes, start) => {
    cursor.reset(bytes, start);
    if (!walk(cursor)) return cursor.problem ?? "it is truncated";
    return cursor.position === cursor.end ? null : "bytes are left over after the record";
  };
}

/** Moves a cursor over one value; false when the bytes are no such value. */
type Walk = (cursor: Cursor) => boolean;

class Cursor {
  bytes!: Buffer;
  position = 0;
  end = 0;
  depth = 0;
  values = 0;
  emptyItems = 0;
  problem: string | null = null;

  reset(bytes: Buffer, start: number): void {
    this.bytes = bytes;
    this.position = start;
    this.end = bytes.length;
    this.depth = 0;
    this.values = 0;
    this.emptyItems = 0;
    this.problem = null;
  }

  fail(problem: string): false {
    this.problem ??= problem;
    return false;
  }

  skip(count: number): boolean {
    if (count > this.end - this.position) return false;
    this.position += count;
    return true;
  }

  /** A zigzag varint of at most 64 bits, exact up to 2^53; null when it is longer or cut off. */
  long(): number | null {
    let value = 0;
    let factor = 1;
    for (let index = 0; index < 10; index++) {
      const byte = this.bytes[this.position];
      if (byte === undefined) return null;
      this.position += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (index === 9 && byte > 1) break;
        return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      }
      factor *= 128;
    }
    this.fail("an integer has more than 64 bits");
    return null;
  }

  /** A length in bytes that are really there; null otherwise. */
  length(): number | null {
    const length = this.long();
    if (length === null) return null;
    if (length >= 0 && length <= this.end - this.position) return length;
    this.fail("a length exceeds the bytes that are left");
    return null;
  }

  count(values: number): boolean {
    this.values += values;
    return this.values <= RECORD_LIMITS.valuesMax || this.fail("it holds too many values");
  }

  enter(): boolean {
    this.depth += 1;
    return this.depth <= RECORD_LIMITS.depthMax || this.fail("it is nested too deeply");
  }
}

/** Compiles each node once: recursive schemas are cyclic, so a walk is looked up when it runs. */
class WalkCompiler {
  private readonly walks = new Map<SchemaNode, Walk>();
  private readonly shapes = new Shapes();

  walkOf(node: SchemaNode): Walk {
    const known = this.walks.get(node);
    if (known !== undefined) return known;
    if (node.kind !== "record") return this.compile(node);
    let walk: Walk | null = null;
    // Stands in while its own fields are compiled.
    this.walks.set(node, (cursor) => walk?.(cursor) ?? false);
    walk = this.recordWalk(node);
    this.walks.set(node, walk);
    return walk;
  }

  private compile(node: Exclude<SchemaNode, RecordNode>): Walk {
    switch (node.kind) {
      case "null":
        return () => true;
      case "boolean":
        return walkBoolean;
      case "int":
        return walkInt;
      case "long":
        return (cursor) => cursor.long() !== null;
      case "float":
        return (cursor) => cursor.skip(4);
      case "double":
        return (cursor) => cursor.skip(8);
      case "fixed":
        return (cursor) => cursor.skip(node.size);
      case "bytes":
        return node.logical === null ? walkBytes : walkDecimal;
      case "string":
        return walkString;
      case "enum":
        return (cursor) => walkIndex(cursor, node.symbols.length) !== null;
      case "array":
        return this.blocksWalk({
          item: this.walkOf(node.items),
          itemShape: this.shapes.of(node.items),
        });
      case "map":
        return this.mapWalk(node.values);
      case "union":
        return this.unionWalk(node);
    }
  }

  private recordWalk(node: RecordNode): Walk {
    const walks = node.fields.map((field) => this.walkOf(field.type));
    const values = walks.length + 1;
    return (cursor) => {
      if (!cursor.enter() || !cursor.count(values)) return false;
      for (const walk of walks) if (!walk(cursor)) return false;
      cursor.depth -= 1;
      return true;
    };
  }

  private unionWalk(node: UnionNode): Walk {
    const walks = node.branches.map((branch) => this.walkOf(branch));
    return (cursor) => {
      const index = walkIndex(cursor, walks.length);
      return index !== null && (walks[index]?.(cursor) ?? false);
    };
  }

  private mapWalk(values: SchemaNode): Walk {
    const value = this.walkOf(values);
    const { bytesMin } = this.shapes.of(values);
    return this.blocksWalk({
      item: (cursor) => walkString(cursor) && value(cursor),
      itemShape: { bytesMin: bytesMin + 1, values: 1 },
    });
  }

  private blocksWalk({ item, itemShape }: { item: Walk; itemShape: Shape }): Walk {
    const walkItems = itemShape.bytesMin > 0 ? sizedItems(item, itemShape) : emptyItems(itemShape);
    return (cursor) => {
      if (!cursor.enter()) return false;
      for (;;) {
        const count = cursor.long();
        if (count === null) return false;
        if (count === 0) break;
        if (count > 0 ? !walkItems(cursor, count) : !walkSizedBlock(cursor, -count, walkItems)) {
          return false;
        }
      }
      cursor.depth -= 1;
      return true;
    };
  }
}

type WalkItems = (cursor: Cursor, count: number) => boolean;

function sizedItems(item: Walk, { bytesMin }: Shape): WalkItems {
  return (cursor, count) => {
    if (count * bytesMin > cursor.end - cursor.position) {
      return cursor.fail("a count exceeds the bytes that are left");
    }
    if (!cursor.count(count)) return false;
    for (let index = 0; index < count; index++) if (!item(cursor)) return false;
    return true;
  };
}

function emptyItems({ values }: Shape): WalkItems {
  return (cursor, count) => {
    cursor.emptyItems += count;
    if (cursor.emptyItems > RECORD_LIMITS.emptyItemsMax) {
      return cursor.fail("it holds too many items that take no bytes");
    }
    return cursor.count(count * values);
  };
}

function walkSizedBlock(cursor: Cursor, count: number, walkItems: WalkItems): boolean {
  const size = cursor.length();
  if (size === null) return false;
  const blockEnd = cursor.position + size;
  if (!walkItems(cursor, count)) return false;
  return cursor.position === blockEnd || cursor.fail("a block's size is not its size");
}

/** The fewest bytes a value takes, and how many values it is made of when that is none. */
interface Shape {
  readonly bytesMin: number;
  readonly values: number;
}

class Shapes {
  private readonly records = new Map<RecordNode, Shape>();

  of(node: SchemaNode): Shape {
    switch (node.kind) {
      case "null":
        return { bytesMin: 0, values: 1 };
      case "float":
        return { bytesMin: 4, values: 1 };
      case "double":
        return { bytesMin: 8, values: 1 };
      case "fixed":
        return { bytesMin: node.size, values: 1 };
      case "record":
        return this.records.get(node) ?? this.ofRecord(node);
      case "boolean":
      case "int":
      case "long":
      case "bytes":
      case "string":
      case "enum":
      case "array":
      case "map":
      case "union":
        return { bytesMin: 1, values: 1 };
    }
  }

  private ofRecord(node: RecordNode): Shape {
    // Met again inside itself, a record has no finite value; the walk ends at its depth limit.
    this.records.set(node, { bytesMin: 1, values: 1 });
    const shape = { bytesMin: 0, values: 1 };
    for (const field of node.fields) {
      const { bytesMin, values } = this.of(field.type);
      shape.bytesMin += bytesMin;
      shape.values += values;
    }
    this.records.set(node, shape);
    return shape;
  }
}

function walkBoolean(cursor: Cursor): boolean {
  const byte = cursor.bytes[cursor.position];
  cursor.position += 1;
  if (byte === undefined) return false;
  return byte <= 1 || cursor.fail("a boolean is neither 0 nor 1");
}

function walkInt(cursor: Cursor): boolean {
  const value = cursor.long();
  if (value === null) return false;
  return value === (value | 0) || cursor.fail("an int has more than 32 bits");
}

function walkBytes(cursor: Cursor): boolean {
  const length = cursor.length();
  return length !== null && cursor.skip(length);
}

function walkDecimal(cursor: Cursor): boolean {
  const length = cursor.length();
  if (length === null) return false;
  return length <= DECIMAL_BYTES_MAX ? cursor.skip(length) : cursor.fail("a decimal is too long");
}

/** From this length on the native check is faster than looking at each byte. */
const SHORT_STRING_MAX = 32;

function walkString(cursor: Cursor): boolean {
  const length = cursor.length();
  if (length === null) return false;
  const start = cursor.position;
  cursor.position = start + length;
  if (length <= SHORT_STRING_MAX && isAscii(cursor.bytes, start, cursor.position)) return true;
  return (
    isUtf8(cursor.bytes.subarray(start, cursor.position)) || cursor.fail("a string is not UTF-8")
  );
}

function isAscii(bytes: Buffer, start: number, end: number): boolean {
  let seen = 0;
  for (let index = start; index < end; index++) seen |= bytes[index] ?? 0;
  return seen < 0x80;
}

function walkIndex(cursor: Cursor, count: number): number | null {
  const index = cursor.long();
  if (index === null) return null;
  if (index >= 0 && index < count) return index;
  cursor.fail("an index names no branch or symbol");
  return null;
}
