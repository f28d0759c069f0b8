/**
 * The personal values of one event as texts, so that it can be told whether some other text holds one. What an API makes of a
 * number is not known, so it stands there as a time and as a date too.
 */
import { Buffer } from "node:buffer";
import { branchName, type SchemaNode, type UnionNode } from "../avro/schema-node.ts";

/** Texts that are taken of one event. */
export const PERSONAL_TEXTS_MAX = 100;

/** What is personal in one event. */
export interface PersonalValues {
  /** Every value annotated `pii` and everything inside of one, in the forms that JSON may have it in; never empty texts. */
  readonly texts: ReadonlySet<string>;
  /** Names of the fields that hold them, also of those that hold nothing. */
  readonly names: ReadonlySet<string>;
  /** Whether there are more than {@link PERSONAL_TEXTS_MAX} texts; the others are left out. */
  readonly isCut: boolean;
}

/** Whether anything in data of a schema may be annotated `pii`. */
export function hasPersonalData(node: SchemaNode): boolean {
  return namesIn(node).size > 0;
}

/** The personal values of data, by its schema. */
export function personalValues(data: unknown, node: SchemaNode): PersonalValues {
  const texts = new Set<string>();
  const add = (text: string): void => {
    if (text !== "" && texts.size <= PERSONAL_TEXTS_MAX) texts.add(text);
  };
  visitPersonal(data, node, (value) => visitTexts(value, add));
  const isCut = texts.size > PERSONAL_TEXTS_MAX;
  return { texts, names: namesIn(node), isCut };
}

/** Names of annotated fields, and of those inside of them. */
function namesIn(root: SchemaNode): ReadonlySet<string> {
  const names = new Set<string>();
  // A record inside itself is looked at once as it is, and once inside of a personal field.
  const seen = { plain: new Set<SchemaNode>(), personal: new Set<SchemaNode>() };
  const visit = (node: SchemaNode, isPersonal: boolean): void => {
    if (node.kind === "array") visit(node.items, isPersonal);
    if (node.kind === "map") visit(node.values, isPersonal);
    if (node.kind === "union") for (const branch of node.branches) visit(branch, isPersonal);
    const known = isPersonal ? seen.personal : seen.plain;
    if (node.kind !== "record" || known.has(node)) return;
    known.add(node);
    for (const { name, type, pii } of node.fields) {
      const isFieldPersonal = isPersonal || pii !== null;
      if (isFieldPersonal) names.add(name);
      visit(type, isFieldPersonal);
    }
  };
  visit(root, false);
  return names;
}

/** Calls back with the value of each annotated field. */
function visitPersonal(data: unknown, node: SchemaNode, found: (value: unknown) => void): void {
  if (typeof data !== "object" || data === null) return;
  switch (node.kind) {
    case "record":
      for (const { name, type, pii } of node.fields) {
        const value: unknown = Reflect.get(data, name);
        if (pii === null) visitPersonal(value, type, found);
        else found(value);
      }
      return;
    case "array":
    case "map": {
      const type = node.kind === "array" ? node.items : node.values;
      for (const value of Object.values<unknown>({ ...data })) visitPersonal(value, type, found);
      return;
    }
    case "union":
      visitBranches(data, node, found);
      return;
    default:
  }
}

/** Of a union that is not wrapped only one branch has members. */
function visitBranches(
  data: object,
  { branches, isWrapped }: UnionNode,
  found: (value: unknown) => void,
): void {
  for (const branch of branches) {
    const value: unknown = isWrapped ? Reflect.get(data, branchName(branch)) : data;
    visitPersonal(value, branch, found);
  }
}

/** Everything inside of a personal value, the keys of its maps too. */
function visitTexts(value: unknown, add: (text: string) => void): void {
  if (typeof value === "string") add(value);
  else if (typeof value === "number" || typeof value === "bigint") numberTexts(value).forEach(add);
  else if (value instanceof Uint8Array) {
    for (const form of ["base64", "base64url", "hex"] as const)
      add(Buffer.from(value).toString(form));
  } else if (Array.isArray(value)) for (const item of value) visitTexts(item, add);
  else if (typeof value === "object" && value !== null) {
    for (const [name, member] of Object.entries<unknown>({ ...value })) {
      add(name);
      visitTexts(member, add);
    }
  }
}

const DAY_MS = 86_400_000;
/** Days, ms and microseconds from 1970 that lie within 160 years of it. */
const DAYS_MAX = 60_000;

function numberTexts(value: number | bigint): readonly string[] {
  const number = Number(value);
  const texts = [String(value)];
  if (!Number.isInteger(number)) return texts;
  const size = Math.abs(number);
  if (size <= DAYS_MAX) texts.push(isoText(number * DAY_MS).slice(0, 10));
  for (const perMs of [1, 1_000]) {
    if (size > DAY_MS * perMs && size <= DAYS_MAX * DAY_MS * perMs) {
      const time = isoText(Math.floor(number / perMs));
      texts.push(time.slice(0, 10), time.slice(0, 19));
    }
  }
  return texts;
}

function isoText(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
