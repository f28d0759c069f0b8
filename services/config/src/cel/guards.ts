/**
 * The library's functions that are not safe on any value are replaced by ours before an expression is checked. They
 * cannot be registered under their own names, since those are taken.
 *
 * - `timestamp(string)` reads times without a zone in the machine's own;
 * - `duration(string)` stalls on a long text: its regular expression backtracks;
 * - a map literal drops three keys without a word, which a computed key may happen to be.
 */
import type { ASTNode } from "@marcbachmann/cel-js";
import { everyNode } from "./syntax.ts";

/** What stands in for a function of the library, or around a computed key. */
export const GUARDED = { timestamp: "_timestamp", duration: "_duration", key: "_key" } as const;

/** Keys that the library drops from a map. */
export const DROPPED_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Puts the guards into a parsed expression, in place.
 * @param parse Parses an expression; for the nodes put in.
 */
export function guard(root: ASTNode, parse: (source: string) => ASTNode): void {
  for (const node of everyNode(root)) {
    if (node.op === "call" && (node.args[0] === "timestamp" || node.args[0] === "duration")) {
      node.args[0] = GUARDED[node.args[0]];
    }
    if (node.op !== "map") continue;
    for (const entry of node.args) {
      if (entry[0].op !== "value") entry[0] = keyCall(entry[0], parse);
    }
  }
}

function keyCall(key: ASTNode, parse: (source: string) => ASTNode): ASTNode {
  const call = parse(`${GUARDED.key}(0)`);
  if (call.op === "call") call.args[1][0] = key;
  return call;
}
