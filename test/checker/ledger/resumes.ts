import type { Ledger } from "./ledger.ts";
import type { Attempt } from "./rows.ts";

/** A replay that goes on after a pause. */
export interface Resume {
  readonly job: number;
  readonly order: number;
}

/** Reads them from the operations. */
export function resumesOf({ operations, names }: Ledger): readonly Resume[] {
  return operations.flatMap(({ line: { f, job }, order }) =>
    f === "resume" && job !== undefined ? [{ job: names.jobOf(job), order }] : [],
  );
}

/**
 * Whether the replay of two attempts in a row was paused between them, or during the first: it has read its events anew,
 * and counts anew.
 */
export function wasPausedBetween(
  resumes: readonly Resume[],
  { sendOrder }: Attempt,
  next: Attempt,
): boolean {
  return resumes.some(({ job, order }) => {
    return job === next.job && sendOrder < order && order < next.sendOrder;
  });
}
