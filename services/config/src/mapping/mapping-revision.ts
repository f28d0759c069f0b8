import { createHash } from "node:crypto";
import { nodeAt, type SourceNode } from "../source/source-node.ts";

/** What decides a target's requests. */
export interface RevisionInput {
  readonly filter: string | null;
  /** The module's hash. */
  readonly sha256: string | null;
  readonly method: string;
  readonly request: SourceNode | undefined;
  /** The reader schema of each event type that can be delivered. */
  readonly readers: ReadonlyMap<string, unknown>;
}

/**
 * The mapping revision: the first 16 hex digits of SHA-256 over filter, module, the request without its timeout, and the
 * reader schemas. The order of headers and params does not count, that of a body's keys does; comments, quotes and
 * secrets never do.
 */
export function mappingRevision(input: RevisionInput): string {
  const { filter, sha256, method, request, readers } = input;
  const part = (name: string): unknown => request && canonicalOf(nodeAt(request, [name]));
  const parts = [
    "v1",
    filter,
    sha256,
    method,
    part("url"),
    sorted(part("params")),
    sorted(part("headers")),
    part("body") ?? [],
    sorted([...readers]),
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}

/** A node as JSON that keeps the order of keys, whatever they look like, and holds no secret; undefined for none. */
function canonicalOf(node: SourceNode | undefined): unknown {
  switch (node?.kind) {
    case undefined:
      return undefined;
    case "scalar":
      return { is: node.shown };
    case "list":
      return { list: node.items.map(canonicalOf) };
    case "map":
      return node.entries.map(({ key, value }) => [key, canonicalOf(value)]);
  }
}

function sorted(entries: unknown): readonly unknown[] {
  const texts = Array.isArray(entries) ? entries.map((entry) => JSON.stringify(entry)) : [];
  return texts.sort();
}
