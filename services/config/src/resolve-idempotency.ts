import type { TargetConfig } from "./config.ts";
import { headerNameProblem } from "./mapping/header-rules.ts";
import type { TargetScope } from "./mapping/target-scope.ts";
import type { TargetOptions } from "./options/target-options.ts";

const HEADER = "idempotency-key";
const UNDECLARED = { kind: "undeclared" } as const;

/** How the idempotency key travels; a header that something else owns is reported. */
export function idempotencyOf(
  { idempotency = {} }: TargetOptions,
  scope: TargetScope,
): TargetConfig["idempotency"] {
  const header = (idempotency.header ?? HEADER).toLowerCase();
  const problem = header === HEADER ? null : headerNameProblem(header);
  if (problem !== null) scope.problem(["idempotency", "header"], problem);
  if (header === "content-type") {
    scope.problem(["idempotency", "header"], "is the header of the body's type");
  }
  const { format = "bare", window: windowMs } = idempotency;
  const window = windowMs === undefined ? UNDECLARED : ({ kind: "declared", windowMs } as const);
  return { header, format, window };
}
