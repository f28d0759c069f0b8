/**
 * What an expression's conditions on `event.type` come to for one event type, so that `event.type == "a" ? event.data.x
 * : event.data.y` is checked and run per type, each with its own live branch, and a filter that looks at the type alone
 * is a table.
 */
import type { ASTNode } from "@marcbachmann/cel-js";
import { childrenOf, eventAttribute, everyNode, literalText } from "./syntax.ts";

/** The truth of a condition for an event type; undefined where more than the type decides. */
export function decide(node: ASTNode, type: string): boolean | undefined {
  switch (node.op) {
    case "value":
      return typeof node.args === "boolean" ? node.args : undefined;
    case "!_":
      return not(decide(node.args, type));
    case "&&":
      return both(decide(node.args[0], type), decide(node.args[1], type));
    case "||":
      return not(both(not(decide(node.args[0], type)), not(decide(node.args[1], type))));
    case "==":
      return isEqual(node.args, type);
    case "!=":
      return not(isEqual(node.args, type));
    case "in":
      return isListed(node.args, type);
    case "rcall":
      return isMatch(node.args, type);
    default:
      return undefined;
  }
}

/**
 * Replaces the parts of an expression that can never count for an event type by the parts beside them. It changes the
 * tree in place: texts and positions stay those of the file, which a rewritten expression would lose.
 */
export function prune(node: ASTNode, type: string): void {
  if (node.op === "?:") {
    const chosen = decide(node.args[0], type);
    if (chosen === true) node.args[2] = node.args[1];
    if (chosen === false) node.args[1] = node.args[2];
  } else if (node.op === "&&" || node.op === "||") {
    const deciding = node.op === "||";
    if (decide(node.args[0], type) === deciding) node.args[1] = node.args[0];
    else if (decide(node.args[1], type) === deciding) node.args[0] = node.args[1];
  }
  for (const child of childrenOf(node)) prune(child, type);
}

type Truth = boolean | undefined;

function not(truth: Truth): Truth {
  return truth === undefined ? undefined : !truth;
}

function both(a: Truth, b: Truth): Truth {
  if (a === false || b === false) return false;
  return a === true && b === true ? true : undefined;
}

function isEqual([left, right]: readonly [ASTNode, ASTNode], type: string): Truth {
  const literal = isEventType(left)
    ? literalText(right)
    : isEventType(right)
      ? literalText(left)
      : null;
  return literal === null ? undefined : literal === type;
}

function isListed([item, list]: readonly [ASTNode, ASTNode], type: string): Truth {
  if (!isEventType(item) || list.op !== "list") return undefined;
  const texts = list.args.map(literalText);
  return texts.includes(null) ? undefined : texts.includes(type);
}

function isMatch(
  [method, receiver, [argument]]: readonly [string, ASTNode, readonly ASTNode[]],
  type: string,
): Truth {
  const literal = argument === undefined ? null : literalText(argument);
  if (!isEventType(receiver) || literal === null) return undefined;
  switch (method) {
    case "startsWith":
      return type.startsWith(literal);
    case "endsWith":
      return type.endsWith(literal);
    case "contains":
      return type.includes(literal);
    default:
      return undefined;
  }
}

function isEventType(node: ASTNode): boolean {
  return node.op === "." && eventAttribute(node) === "type";
}

/** The event types that an expression compares `event.type` with. */
export function comparedTypes(root: ASTNode): ReadonlySet<string> {
  const literals = [...everyNode(root)].flatMap((node) => {
    if (node.op === "==" || node.op === "!=") {
      return node.args.some(isEventType) ? node.args.map(literalText) : [];
    }
    if (node.op !== "in" || !isEventType(node.args[0])) return [];
    return node.args[1].op === "list" ? node.args[1].args.map(literalText) : [];
  });
  return new Set(literals.filter((literal) => literal !== null));
}
