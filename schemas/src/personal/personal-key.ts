import type { Catalog } from "../catalog.ts";

/** Whether the records of a topic are keyed by a field that is personal data. */
export function isKeyPersonal({ types }: Pick<Catalog, "types">, topic: string): boolean {
  return [...types.values()].some(
    ({ topic: { name }, keyField, piiFields }) =>
      name === topic && keyField !== null && piiFields.includes(keyField),
  );
}
