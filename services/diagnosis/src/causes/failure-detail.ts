import type { Failure } from "@millrace/engine";

/** What a cause says of a failure: its reason, and what there is to add; null where there was none. */
export function failureDetail(failure: Failure | null): string | null {
  if (failure === null) return null;
  const { reason, detail } = failure;
  return reason === detail ? reason : `${reason}: ${detail}`;
}
