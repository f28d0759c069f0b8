/** How a line of a file ends: the emitter's answer, told in the line's own terms. */
import type { Receipt } from "@millrace/emitter";
import { codeOf } from "../failure.ts";
import type { LineMapping } from "../input/event-line.ts";
import { listedProblems, type Problem } from "../problem.ts";

/** One line's end. Only `failed` stops the emission: the line itself is not to blame. */
export type LineEnd =
  | { readonly kind: "emitted"; readonly receipt: Receipt }
  | { readonly kind: "blank" }
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] }
  | { readonly kind: "failed"; readonly error: unknown };

/** Errors that are about the event, and will be the same next time. */
const ABOUT_THE_EVENT: ReadonlySet<string> = new Set([
  "EMIT_INVALID",
  "EMIT_UNKNOWN_TYPE",
  "EMIT_TOO_LARGE",
  "EVENT_INVALID",
  "EVENT_TYPE_UNKNOWN",
  "PRODUCE_REFUSED",
]);

/** What an emitter's or encoder's error means for the line. */
export function endOfError(error: unknown, mapping: LineMapping): LineEnd {
  const code = codeOf(error);
  if (!(error instanceof Error) || code === null || !ABOUT_THE_EVENT.has(code)) {
    return { kind: "failed", error };
  }
  const listed = listedProblems(error).map((problem) => inLine(problem, mapping));
  if (listed.length > 0) return { kind: "invalid", problems: listed };
  const isType = code === "EMIT_UNKNOWN_TYPE" || code === "EVENT_TYPE_UNKNOWN";
  const pointer = isType ? inLine({ pointer: "/type", detail: "" }, mapping).pointer : "";
  return { kind: "invalid", problems: [{ pointer, detail: error.message }] };
}

/** The event's fields are the line's, but for the envelope's, which have the names the user gave them. */
function inLine({ pointer, detail }: Problem, mapping: LineMapping): Problem {
  if (pointer.startsWith("/data")) return { pointer: pointer.slice("/data".length), detail };
  const { typeField, timeField, keyField } = mapping;
  const names: Readonly<Record<string, string | null>> = {
    "/type": typeField,
    "/time": timeField,
    "/key": keyField,
  };
  const name = names[pointer] ?? null;
  return { pointer: name === null ? pointer : `/${name}`, detail };
}
