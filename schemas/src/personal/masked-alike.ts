/** Stands for what may not be seen. */
export const MASK = "***";

/**
 * A JSON value with everything masked that does not come out alike of the same making with one and with the other stand-in for
 * personal data: what is left does not depend on it. A list of another length, and what stands in a member of another name,
 * is masked whole; so is such a name.
 */
export function maskedAlike(value: unknown, one: unknown, other: unknown): unknown {
  if (Array.isArray(value)) {
    if (!Array.isArray(one) || !Array.isArray(other)) return MASK;
    if (one.length !== value.length || other.length !== value.length) return MASK;
    return value.map((item, index): unknown => maskedAlike(item, one[index], other[index]));
  }
  if (!isObject(value)) return Object.is(value, one) && Object.is(value, other) ? value : MASK;
  if (!isObject(one) || !isObject(other)) return MASK;
  const entries = Object.entries(value).map(([name, member]): readonly [string, unknown] =>
    Object.hasOwn(one, name) && Object.hasOwn(other, name)
      ? [name, maskedAlike(member, one[name], other[name])]
      : [MASK, MASK],
  );
  return Object.fromEntries(entries);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
