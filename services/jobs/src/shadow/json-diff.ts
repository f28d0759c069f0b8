/** How two JSON values differ, by path. Pure. */

/** What became of what stands at a path. */
export type ChangeKind = "added" | "removed" | "changed";

/** A part of a path: a member's name, or null for any item of a list. */
export type PathStep = string | null;

/** What became of the values at one path, of one or many items of a list. */
export interface JsonChange {
  readonly kind: ChangeKind;
  readonly path: readonly PathStep[];
}

/** The differences of two values. */
export interface JsonDiff {
  /** Each path and kind once: added, removed, changed, and by path. Of what was added or removed only the top is named. */
  readonly changes: readonly JsonChange[];
  /** Whether there are more than {@link CHANGES_MAX}; the others are left out. */
  readonly isCut: boolean;
}

/** Differences that are told apart. */
export const CHANGES_MAX = 50;
/** Nested values that are looked into; deeper ones count as changed wherever the whole differs. */
export const DEPTH_MAX = 100;

/** Compares two values as `JSON.parse` gives them. Equal ones have no changes; the order of members does not count. */
export function diffJson(before: unknown, after: unknown): JsonDiff {
  const found = new Map<string, JsonChange>();
  visit({ before, after, path: [] }, found);
  const changes = [...found].sort(([one], [other]) => (one < other ? -1 : 1));
  return {
    changes: changes.slice(0, CHANGES_MAX).map(([, change]) => change),
    isCut: changes.length > CHANGES_MAX,
  };
}

interface Pair {
  readonly before: unknown;
  readonly after: unknown;
  readonly path: readonly PathStep[];
}

function visit({ before, after, path }: Pair, found: Map<string, JsonChange>): void {
  // One more than are kept says that there are more.
  if (found.size > CHANGES_MAX) return;
  if (path.length > DEPTH_MAX) return note("changed", path, found);
  if (Array.isArray(before) && Array.isArray(after)) {
    visitItems({ before, after, path: [...path, null] }, found);
  } else if (isObject(before) && isObject(after)) {
    visitMembers({ before, after, path }, found);
  } else if (!Object.is(before, after)) {
    note("changed", path, found);
  }
}

function visitItems(
  pair: Pair & { readonly before: readonly unknown[]; readonly after: readonly unknown[] },
  found: Map<string, JsonChange>,
): void {
  const { before, after, path } = pair;
  const both = Math.min(before.length, after.length);
  for (let index = 0; index < both; index += 1) {
    visit({ before: before[index], after: after[index], path }, found);
  }
  if (before.length > both) note("removed", path, found);
  if (after.length > both) note("added", path, found);
}

type Json = Readonly<Record<string, unknown>>;

function visitMembers(
  { before, after, path }: Pair & { readonly before: Json; readonly after: Json },
  found: Map<string, JsonChange>,
): void {
  for (const name of Object.keys(before)) {
    const at = [...path, name];
    if (!Object.hasOwn(after, name)) note("removed", at, found);
    else visit({ before: before[name], after: after[name], path: at }, found);
  }
  for (const name of Object.keys(after)) {
    if (!Object.hasOwn(before, name)) note("added", [...path, name], found);
  }
}

function note(kind: ChangeKind, path: readonly PathStep[], found: Map<string, JsonChange>): void {
  if (found.size > CHANGES_MAX) return;
  // "added" < "changed" < "removed" would be the order of the alphabet.
  const rank = ["added", "removed", "changed"].indexOf(kind);
  found.set(`${rank} ${JSON.stringify(path)}`, { kind, path });
}

/** Whether a value of JSON is an object. */
export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
