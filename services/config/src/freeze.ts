/** Freezes plain objects, lists and maps through and through; instances of classes and functions stay as they are. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  if (value instanceof Map) {
    for (const item of value.values()) deepFreeze(item);
    // Freezing an object leaves a Map's entries changeable.
    const refused = { value: refuse };
    Object.defineProperties(value, { set: refused, delete: refused, clear: refused });
    return Object.freeze(value);
  }
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return value;
  Object.freeze(value);
  for (const item of Object.values(value)) deepFreeze<unknown>(item);
  return value;
}

function refuse(): never {
  throw new TypeError("the configuration cannot be changed");
}
