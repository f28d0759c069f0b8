import { childPointer } from "../json-pointer.ts";
import type { Step, Visit } from "./coerce-visit.ts";
import { branchName, isNullable, type SchemaNode, type UnionNode } from "./schema-node.ts";

/** A union's branch with its step. */
interface Branch {
  readonly name: string;
  readonly kind: SchemaNode["kind"];
  readonly step: Step;
}

/**
 * Coerces to the branch that a value names (`{"orders.Refund": {...}}`, as in Avro's JSON encoding), else to the first
 * whose values look like it, else to the first that can take it: a string stays a string where the union has one, though
 * its digits could be a long.
 */
export function unionStep(
  node: UnionNode,
  of: { readonly stepOf: (node: SchemaNode) => Step; readonly refuse: RefuseUnion },
): Step {
  const values = node.branches
    .filter(({ kind }) => kind !== "null")
    .map((branch) => ({ name: branchName(branch), kind: branch.kind, step: of.stepOf(branch) }));
  const [only] = values;
  const mayBeNull = isNullable(node);
  const write = node.isWrapped
    ? ({ name }: Branch, value: unknown): unknown => ({ [name]: value })
    : (_: Branch, value: unknown): unknown => value;
  const expected = `one of ${node.branches.map(branchName).join(", ")}`;
  return (data, pointer, visit) => {
    if (data === null && mayBeNull) return null;
    if (only !== undefined && values.length === 1) return only.step(data, pointer, visit);
    const found = firstThatTakes(candidatesFor(values, { data, pointer }), visit);
    if (found.branch !== null) return write(found.branch, found.value);
    if (found.problems !== null) return visit.refuseAll(found.problems);
    return of.refuse(data, { pointer, visit, expected });
  };
}

/** Reports that a value is none of a union's. */
type RefuseUnion = (
  data: unknown,
  at: { readonly pointer: string; readonly visit: Visit; readonly expected: string },
) => unknown;

interface Candidate {
  readonly branch: Branch;
  readonly data: unknown;
  readonly pointer: string;
  /** Whether its problems are what the caller wants to hear of: the branch was named, or is the only one alike. */
  readonly isMeant: boolean;
}

function candidatesFor(
  branches: readonly Branch[],
  { data, pointer }: { readonly data: unknown; readonly pointer: string },
): readonly Candidate[] {
  const candidates: Candidate[] = [];
  const named = namedBranch(branches, data);
  if (named !== undefined) {
    const at = childPointer(pointer, named.branch.name);
    candidates.push({ ...named, pointer: at, isMeant: true });
  }
  const alike = branches.filter(({ kind }) => looksLike(data, kind));
  const isMeant = alike.length === 1 && named === undefined;
  for (const branch of alike) candidates.push({ branch, data, pointer, isMeant });
  for (const branch of branches) {
    if (!alike.includes(branch)) candidates.push({ branch, data, pointer, isMeant: false });
  }
  return candidates;
}

function firstThatTakes(
  candidates: readonly Candidate[],
  visit: Visit,
):
  | { readonly branch: Branch; readonly value: unknown }
  | { readonly branch: null; readonly problems: Visit["problems"] | null } {
  let meant: Visit["problems"] | null = null;
  for (const { branch, data, pointer, isMeant } of candidates) {
    const trial = visit.trial();
    const value = branch.step(data, pointer, trial);
    if (trial.problems.length === 0) return { branch, value };
    if (isMeant) meant = trial.problems;
  }
  return { branch: null, problems: meant };
}

function namedBranch(
  branches: readonly Branch[],
  data: unknown,
): { readonly branch: Branch; readonly data: unknown } | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const [entry, ...others] = Object.entries(data);
  if (entry === undefined || others.length > 0) return undefined;
  const branch = branches.find(({ name }) => name === entry[0]);
  return branch === undefined ? undefined : { branch, data: entry[1] };
}

function looksLike(data: unknown, kind: SchemaNode["kind"]): boolean {
  return KINDS_ALIKE[shapeOf(data)].includes(kind);
}

type Shape = "string" | "number" | "boolean" | "bytes" | "array" | "object" | "other";

const KINDS_ALIKE: Readonly<Record<Shape, readonly SchemaNode["kind"][]>> = {
  string: ["string", "enum"],
  number: ["int", "long", "float", "double"],
  boolean: ["boolean"],
  bytes: ["bytes", "fixed"],
  array: ["array"],
  object: ["record", "map"],
  other: [],
};

function shapeOf(data: unknown): Shape {
  if (typeof data === "string") return "string";
  if (typeof data === "boolean") return "boolean";
  if (typeof data === "number" || typeof data === "bigint") return "number";
  if (data instanceof Uint8Array) return "bytes";
  if (Array.isArray(data)) return "array";
  return typeof data === "object" && data !== null ? "object" : "other";
}
