import { MASK } from "@millrace/schemas";
import type { ShadowChange } from "./comparison.ts";
import type { ChangeKind, PathStep } from "./json-diff.ts";
import type { Outcome } from "./outcome.ts";
import type { RequestChange, RequestDiff } from "./request-diff.ts";

/** What records have in common that a changed configuration changes in the same way. */
export interface Shape extends RequestDiff {
  readonly change: ShadowChange;
  /** What was and what is made of them: `sent`, `filtered`, or why they cannot be delivered, numbers left out. */
  readonly before: string;
  readonly after: string;
}

/** A change as people read it. */
export interface ShownChange {
  readonly part: RequestChange["part"];
  readonly kind: ChangeKind;
  /**
   * A header's name, or a JSON pointer into the body such as `/address/zip`; null for method, URL and a body that is written
   * otherwise. `*` is any item of a list, `***` a name that is not shown, the empty pointer the whole body.
   */
  readonly path: string | null;
}

/** A shape as people read it. */
export interface ShownShape {
  readonly change: ShadowChange;
  /** All of it in a line: `body: + /gate, ~ /carrier`, or `sent -> filtered`. */
  readonly text: string;
  /** Empty where one side has no request. */
  readonly changes: readonly ShownChange[];
  /** Whether there are more changes than are told apart. */
  readonly isCut: boolean;
}

/** Characters of a member's name that are shown. */
const NAME_MAX = 64;
const ANY_ITEM = "*";
const WHOLE = "(all of it)";

/** What is said of an outcome in a shape. */
export function outcomeText(outcome: Outcome): string {
  switch (outcome.kind) {
    case "request":
      return "sent";
    case "filtered":
      return "filtered";
    case "undeliverable":
      return `${outcome.reason}: ${outcome.detail.replaceAll(/\d+/gu, "#")}`;
  }
}

/**
 * A shape for people.
 * @param isPublic whether the name of a body's member may be shown; it can be made of data.
 */
export function shownShape(shape: Shape, isPublic: (name: string) => boolean): ShownShape {
  const { change, changes, isCut, before, after } = shape;
  const shown = distinct(changes.map((one) => shownChange(one, isPublic)));
  const text = changes.length === 0 ? `${before} -> ${after}` : changesText(shown, isCut);
  return { change, text, changes: shown, isCut };
}

function shownChange(
  { part, kind, path }: RequestChange,
  isPublic: (name: string) => boolean,
): ShownChange {
  if (part === "header") return { part, kind, path: path.join("") };
  return { part, kind, path: part === "body" ? pointerText(path, isPublic) : null };
}

/** RFC 6901, but for what stands for many names. */
function pointerText(path: readonly PathStep[], isPublic: (name: string) => boolean): string {
  const steps = path.map((step) => {
    if (step === null) return ANY_ITEM;
    if (!isPublic(step)) return MASK;
    const name = step.length > NAME_MAX ? `${step.slice(0, NAME_MAX)}…` : step;
    return name.replaceAll("~", "~0").replaceAll("/", "~1");
  });
  return steps.map((step) => `/${step}`).join("");
}

function distinct(changes: readonly ShownChange[]): readonly ShownChange[] {
  return [...new Map(changes.map((one) => [JSON.stringify(one), one])).values()];
}

const SIGNS: Readonly<Record<ChangeKind, string>> = { added: "+", removed: "-", changed: "~" };

function changesText(changes: readonly ShownChange[], isCut: boolean): string {
  const of = (part: ShownChange["part"]): readonly string[] =>
    changes
      .filter((change) => change.part === part)
      .map(({ kind, path }) => `${SIGNS[kind]} ${path === null || path === "" ? WHOLE : path}`);
  const [headers, body] = [of("header"), of("body")];
  const parts = [
    ...(of("method").length > 0 ? ["method"] : []),
    ...(of("url").length > 0 ? ["url"] : []),
    ...(headers.length > 0 ? [`headers: ${headers.join(", ")}`] : []),
    ...(body.length > 0 ? [`body: ${[...body, ...(isCut ? ["and more"] : [])].join(", ")}`] : []),
    ...(of("body-text").length > 0 ? ["body: the same JSON, written otherwise"] : []),
  ];
  return parts.join("; ");
}
