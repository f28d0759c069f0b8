/**
 * A configuration file as a tree that still knows where everything stands and how it was written: zod checks the plain
 * value of it, problems point into it, and body templates are compiled from it (a plain object would lose the order of
 * keys that look like numbers).
 */
import type { Position } from "../problems.ts";

/** Keys and indexes from the root. */
export type Path = readonly (string | number)[];

/** A string, number, boolean or null. */
export interface ScalarNode {
  readonly kind: "scalar";
  readonly position: Position;
  /** References are filled in. */
  readonly value: string | number | boolean | null;
  /** A string as it stands in the file, references unfilled; null for other scalars. */
  readonly written: string | null;
  /** The value, but for secrets, whose references stand unfilled. Safe to print. */
  readonly shown: string | number | boolean | null;
}

/** A list. */
export interface ListNode {
  readonly kind: "list";
  readonly position: Position;
  readonly items: readonly SourceNode[];
}

/** One key of a map. */
export interface SourceEntry {
  readonly key: string;
  readonly keyPosition: Position;
  readonly value: SourceNode;
}

/** A map, its keys in the order of the file and each once. */
export interface MapNode {
  readonly kind: "map";
  readonly position: Position;
  readonly entries: readonly SourceEntry[];
}

/** Any node. */
export type SourceNode = ScalarNode | ListNode | MapNode;

/** The node as plain JavaScript. */
export function plainOf(node: SourceNode): unknown {
  return plainBy(node, ({ value }) => value);
}

/** The node as plain JavaScript that holds no secret. */
export function shownOf(node: SourceNode): unknown {
  return plainBy(node, ({ shown }) => shown);
}

function plainBy(node: SourceNode, valueOf: (scalar: ScalarNode) => unknown): unknown {
  switch (node.kind) {
    case "scalar":
      return valueOf(node);
    case "list":
      return node.items.map((item) => plainBy(item, valueOf));
    case "map":
      return Object.fromEntries(
        node.entries.map(({ key, value }) => [key, plainBy(value, valueOf)]),
      );
  }
}

/** The node at a path, or undefined. */
export function nodeAt(root: SourceNode, path: Path): SourceNode | undefined {
  let node: SourceNode | undefined = root;
  for (const step of path) node = node && childAt(node, step)?.value;
  return node;
}

/** Where a path stands: its key if it is there, else the nearest key above it. */
export function positionAt(root: SourceNode, path: Path): Position {
  let position = root.position;
  let node = root;
  for (const step of path) {
    const child = childAt(node, step);
    if (child === undefined) break;
    position = child.keyPosition;
    node = child.value;
  }
  return position;
}

/** Whether a string of the file, as written, is CEL: it begins with one `=`. */
export function isExpressionText(written: string): boolean {
  return written.startsWith("=") && !written.startsWith("==");
}

/** Whether a path is another or inside it. */
export function isWithin(path: Path, outer: Path): boolean {
  return outer.length <= path.length && outer.every((step, index) => step === path[index]);
}

/** A path as people write it: `targets.crm.topics[0]`. */
export function pathText(path: Path): string {
  return path
    .map((step, index) =>
      typeof step === "number" ? `[${step}]` : index === 0 ? step : `.${step}`,
    )
    .join("");
}

function childAt(node: SourceNode, step: string | number): Omit<SourceEntry, "key"> | undefined {
  if (node.kind === "map") return node.entries.find(({ key }) => key === step);
  if (node.kind !== "list" || typeof step !== "number") return undefined;
  const value = node.items[step];
  return value && { value, keyPosition: value.position };
}
