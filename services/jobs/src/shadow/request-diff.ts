import type { PreparedRequest } from "@millrace/engine";
import { diffJson, type ChangeKind, type PathStep } from "./json-diff.ts";
import { bodyText, bodyValue } from "./outcome.ts";

/** A difference of two requests. */
export interface RequestChange {
  /** `body-text`: the same JSON, written otherwise. */
  readonly part: "method" | "url" | "header" | "body" | "body-text";
  readonly kind: ChangeKind;
  /** The header's name, or where in the body's JSON; else empty. */
  readonly path: readonly PathStep[];
}

/** The differences of two requests. */
export interface RequestDiff {
  /** By part, as the request is written; none where both are the same call. */
  readonly changes: readonly RequestChange[];
  /** Whether the body has more differences than are told apart. */
  readonly isCut: boolean;
}

/**
 * Headers that are not compared: made of target and event, they are the same under every mapping. What the moment of sending
 * adds (credentials, position, trace) is no part of a prepared request.
 */
export const HEADERS_LEFT_OUT: readonly string[] = ["idempotency-key"];

/** Compares method, URL, headers and body. */
export function diffRequests(before: PreparedRequest, after: PreparedRequest): RequestDiff {
  const body = bodyChanges(bodyText(before), bodyText(after));
  const changes: RequestChange[] = [];
  for (const part of ["method", "url"] as const) {
    if (before[part] !== after[part]) changes.push({ part, kind: "changed", path: [] });
  }
  return { ...body, changes: [...changes, ...headerChanges(before, after), ...body.changes] };
}

/** The names of the headers of a request that are compared. */
export function comparedHeaders({ headers }: Pick<PreparedRequest, "headers">): readonly string[] {
  return Object.keys(headers).filter((name) => !HEADERS_LEFT_OUT.includes(name));
}

function headerChanges(before: PreparedRequest, after: PreparedRequest): readonly RequestChange[] {
  const changes: RequestChange[] = [];
  const names = new Set([...comparedHeaders(before), ...comparedHeaders(after)]);
  for (const name of [...names].sort()) {
    const [value, other] = [before.headers[name], after.headers[name]];
    if (value === other) continue;
    const kind = value === undefined ? "added" : other === undefined ? "removed" : "changed";
    changes.push({ part: "header", kind, path: [name] });
  }
  return changes;
}

function bodyChanges(before: string | null, after: string | null): RequestDiff {
  if (before === after) return { changes: [], isCut: false };
  if (before === null || after === null) {
    const kind = before === null ? "added" : "removed";
    return { changes: [{ part: "body", kind, path: [] }], isCut: false };
  }
  const { changes, isCut } = diffJson(bodyValue(before), bodyValue(after));
  if (changes.length === 0) {
    return { changes: [{ part: "body-text", kind: "changed", path: [] }], isCut };
  }
  return { changes: changes.map((change) => ({ part: "body", ...change })), isCut };
}
