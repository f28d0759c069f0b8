import type { ASTNode } from "@marcbachmann/cel-js";

/** The expressions directly inside an expression. */
export function childrenOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case "value":
    case "id":
      return [];
    case ".":
    case ".?":
      return [node.args[0]];
    case "!_":
    case "-_":
      return [node.args];
    case "call":
      return node.args[1];
    case "rcall":
      return [node.args[1], ...node.args[2]];
    case "map":
      return node.args.flat();
    default:
      return node.args;
  }
}

/** An expression and everything inside it, outermost first. */
export function* everyNode(node: ASTNode): Generator<ASTNode> {
  yield node;
  for (const child of childrenOf(node)) yield* everyNode(child);
}

/** The attribute of `event` that an expression is, such as `type` for `event.type`; else null. */
export function eventAttribute(node: ASTNode): string | null {
  if (node.op !== "." && node.op !== ".?") return null;
  const [root, name] = node.args;
  return root.op === "id" && root.args === "event" ? name : null;
}

/** The text of a literal; else null. */
export function literalText(node: ASTNode): string | null {
  return node.op === "value" && typeof node.args === "string" ? node.args : null;
}
