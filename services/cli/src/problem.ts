/** One thing wrong with a value; the pointer (RFC 6901) says where in it. */
export interface Problem {
  readonly pointer: string;
  readonly detail: string;
}

/** All problems that an error of ours lists, in `problems` or in `details.problems`. */
export function listedProblems(error: Error): readonly Problem[] {
  const holder: unknown = "details" in error ? error.details : error;
  if (typeof holder !== "object" || holder === null || !("problems" in holder)) return [];
  return Array.isArray(holder.problems) ? holder.problems.filter((one) => isProblem(one)) : [];
}

function isProblem(value: unknown): value is Problem {
  if (typeof value !== "object" || value === null) return false;
  return "pointer" in value && "detail" in value;
}
