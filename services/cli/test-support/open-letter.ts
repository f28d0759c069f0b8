import { asOffset, asPartition, asRecordKey, asTopic } from "@millrace/engine";
import type { OpenDeadLetter } from "@millrace/jobs";

/** An open dead letter of the event at `users:0:<offset>`, which stands at the same offset of its own topic. */
export function openLetter(offset: number, of: Partial<OpenDeadLetter> = {}): OpenDeadLetter {
  const partition = asPartition(0);
  return {
    ...{ topic: asTopic("users"), partition, offset: asOffset(offset) },
    ...{ key: asRecordKey("ada"), id: `e${offset}`, source: "/test", type: "users.ProfileUpdated" },
    ...{ reason: "HTTP_REJECTED", error: "HTTP 422", httpStatus: 422, attemptCount: 1 },
    ...{ firstFailedAt: null, lastFailedAt: null, epoch: 1, redriveCount: 0, holdsKey: true },
    later: "parked",
    at: { partition, offset: asOffset(offset), timestampMs: 0 },
    ...of,
  };
}
