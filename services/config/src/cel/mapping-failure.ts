import { EvaluationError } from "@marcbachmann/cel-js";
import { MillraceError } from "@millrace/engine";

/** Why a value cannot be mapped; the reason holds nothing of the payload. */
export class MappingFailure extends Error {
  override readonly name = "MappingFailure";
}

/** Which expression of which target. */
export interface ExpressionPlace {
  readonly target: string;
  /** From the target's root: `request.body.email`. */
  readonly path: string;
}

/** Whatever an expression threw, as the error that dead-letters the event. */
export function mappingFailed(error: unknown, place: ExpressionPlace): MillraceError {
  if (error instanceof MillraceError) return error;
  const reason = reasonOf(error);
  return new MillraceError("MAPPING_FAILED", `mapping failed: ${place.path} (${reason})`, {
    details: { ...place, reason },
  });
}

/** CEL's own messages quote values, so they are told by their code and the part of the expression at fault. */
function reasonOf(error: unknown): string {
  if (error instanceof MappingFailure) return error.message;
  if (!(error instanceof EvaluationError)) return "the evaluation failed";
  const reason = error.code.replaceAll("_", " ");
  const { node, range } = error;
  if (node?.input === undefined || range === undefined) return reason;
  return `${reason} in ${node.input.slice(range.start, range.end)}`;
}
