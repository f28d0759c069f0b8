import { BoundRecord } from "./binding.ts";

/** Whether two bound values are the same. CEL has no equality of records by itself, and would compare their objects. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (a instanceof BoundRecord) return b instanceof BoundRecord && isSameRecord(a, b);
  if (Array.isArray(a)) return Array.isArray(b) && isSameList(a, b);
  if (a instanceof Map) return b instanceof Map && isSameMap(a, b);
  if (a instanceof Uint8Array) return b instanceof Uint8Array && isSameList(a, b);
  return a instanceof Date && b instanceof Date && a.getTime() === b.getTime();
}

function isSameRecord(a: BoundRecord, b: BoundRecord): boolean {
  if (a.constructor !== b.constructor) return false;
  return a.fieldNames.every((name) => isEqual(a.get(name), b.get(name)));
}

function isSameList(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (!isEqual(a[index], b[index])) return false;
  return true;
}

function isSameMap(a: ReadonlyMap<unknown, unknown>, b: ReadonlyMap<unknown, unknown>): boolean {
  if (a.size !== b.size) return false;
  return Array.from(a).every(([key, value]) => b.has(key) && isEqual(value, b.get(key)));
}
