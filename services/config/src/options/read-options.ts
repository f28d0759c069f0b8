/**
 * Checks a part of a configuration file against its options. What does not hold is reported and left out, and the rest
 * is gone on with: an error in `retry` must not hide one in `filter`.
 */
import type { z } from "zod";
import type { ProblemList } from "../problems.ts";
import {
  isWithin,
  nodeAt,
  pathText,
  plainOf,
  positionAt,
  type Path,
  type SourceNode,
} from "../source/source-node.ts";
import { suggest } from "../suggestion.ts";

/** A part of a file. */
export interface FilePart {
  readonly root: SourceNode;
  readonly path: Path;
}

/** Options as far as they hold. */
export interface ReadOptions<Output> {
  readonly options: Output;
  /** What was left out or stood in for, from the part's root: nothing more is to be said of it. */
  readonly refused: readonly Path[];
}

/** What stands in for a required value that is missing or wrong, by its key. */
export type StandIns = Readonly<Record<string, unknown>>;

/** Reads options; null where too little holds to go on. Everything wrong goes to `problems`. */
export function readOptions<Output>(
  schema: z.ZodType<Output>,
  part: FilePart,
  to: { readonly problems: ProblemList; readonly standIns: StandIns },
): ReadOptions<Output> | null {
  const node = nodeAt(part.root, part.path);
  const plain = node === undefined ? undefined : plainOf(node);
  const result = schema.safeParse(plain, { error: plainMessage });
  if (result.success) return { options: result.data, refused: [] };
  const refused: Path[] = [];
  for (const issue of result.error.issues) {
    for (const { path, message, hint } of problemsOf(issue)) {
      const full = [...part.path, ...path];
      to.problems.add({
        ...positionAt(part.root, full),
        path: pathText(full),
        message,
        ...(hint === undefined ? {} : { hint }),
      });
      refused.push(path);
    }
  }
  const options = restOf(schema, plain, { refused, standIns: to.standIns });
  return options === null ? null : { options, refused };
}

/** A section without a required field does not hold either, so it goes as well; no section is deeper than this. */
const ROUNDS_MAX = 4;

/** What still holds without the refused paths; more of them are added as it shrinks. */
function restOf<Output>(
  schema: z.ZodType<Output>,
  plain: unknown,
  { refused, standIns }: { readonly refused: Path[]; readonly standIns: StandIns },
): Output | null {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const rest = without(plain, refused);
    if (!isRecord(rest)) return null;
    const result = schema.safeParse(standIn(rest, standIns));
    if (result.success) return result.data;
    for (const { path } of result.error.issues.flatMap(problemsOf)) refused.push(path.slice(0, -1));
  }
  return null;
}

interface PartProblem {
  readonly path: Path;
  readonly message: string;
  readonly hint?: string | undefined;
}

function problemsOf(issue: z.core.$ZodIssue): readonly PartProblem[] {
  const path = issue.path.map((step) => (typeof step === "number" ? step : String(step)));
  if (issue.code === "unrecognized_keys") {
    const known = issue.message.split(", ");
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: "unknown key",
      hint: suggest(key, known),
    }));
  }
  if (issue.code === "invalid_key") {
    return issue.issues.map(({ message }) => ({ path, message: `the key ${message}` }));
  }
  return [{ path, message: issue.message }];
}

const KINDS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "a map of keys",
  record: "a map of keys",
};

/** zod's issues in this project's words, where the schema has none. */
function plainMessage(issue: z.core.$ZodRawIssue): string {
  if (issue.input === undefined) return "is required";
  switch (issue.code) {
    case "invalid_type":
      return `must be ${KINDS[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `must be ${issue.values
        .map(String)
        .join(", ")
        .replace(/, ([^,]+)$/, " or $1")}`;
    case "too_small":
      return "must not be empty";
    default:
      return "does not hold";
  }
}

/** A copy without what stands at the paths; an item of a list takes the whole list with it. */
function without(value: unknown, paths: readonly Path[]): unknown {
  if (paths.some((path) => path.length === 0)) return undefined;
  if (Array.isArray(value)) return paths.length > 0 ? undefined : value;
  if (!isRecord(value)) return paths.length > 0 ? undefined : value;
  const kept = Object.entries(value).map(([key, item]) => {
    const inside = paths.filter(([first]) => first === key).map((path) => path.slice(1));
    return [key, without(item, inside)] as const;
  });
  return Object.fromEntries(kept.filter(([, item]) => item !== undefined));
}

function standIn(value: Readonly<Record<string, unknown>>, standIns: StandIns): unknown {
  const filled: Record<string, unknown> = { ...standIns, ...value };
  for (const [key, standing] of Object.entries(standIns)) {
    const own = value[key];
    if (isRecord(standing) && isRecord(own)) filled[key] = standIn(own, standing);
  }
  return filled;
}

/** Whether a path is one of the refused ones, or inside one. */
export function isRefused(path: Path, refused: readonly Path[]): boolean {
  return refused.some((outer) => isWithin(path, outer));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
