import avsc from "avsc";

/** What avsc reads from; not part of its published types. The version is pinned. */
interface Tap {
  readLong(): number;
  skipLong(): void;
  readString(): string;
}

interface Reading {
  readonly valuesType: { _read(tap: Tap): unknown };
}

/**
 * A map whose values have no prototype, so that a key such as `__proto__` or `constructor` is data like any other.
 * avsc's own assigns keys to a plain object, where `__proto__` replaces its prototype.
 */
export class NullPrototypeMapType extends avsc.types.MapType {
  /** Called by avsc with the type, or with a resolver, as `this`. */
  _read(this: Reading, tap: Tap): unknown {
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- Object.create is typed as any
    const map = Object.create(null) as Record<string, unknown>;
    for (let count = blockCount(tap); count > 0; count = blockCount(tap)) {
      for (let index = 0; index < count; index++) {
        const key = tap.readString();
        map[key] = this.valuesType._read(tap);
      }
    }
    return map;
  }
}

/** A negative count is followed by the block's size in bytes (specification, "Maps"). */
function blockCount(tap: Tap): number {
  const count = tap.readLong();
  if (count >= 0) return count;
  tap.skipLong();
  return -count;
}
