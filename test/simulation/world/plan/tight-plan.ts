import type { Draws } from "./draws.ts";
import type { Plan } from "./plan.ts";

/** Seeds whose brokers take small records only. */
const SHARE = 0.15;
/**
 * What an event may weigh in a target's own topics, bytes: too little for the values of all, of most, of some; also for the
 * headers of all or some.
 */
const BYTES_MAX = [16, 17, 20, 24, 29, 30, 31, 32, 33] as const;

/**
 * The same plan with brokers that refuse some dead letters and parked events. None where records of source topics are
 * deleted: whoever brings back what was cut reads the event there.
 */
export function tight(plan: Plan, draws: Draws): Plan {
  const recordBytesMax = draws.pick("plan.record-bytes", BYTES_MAX);
  const isDeleting =
    plan.operations.some(({ kind }) => kind === "retention") ||
    plan.foci.some(({ fault }) => fault === "retention");
  if (!draws.chance("plan.record-bytes", SHARE) || isDeleting) return plan;
  return { ...plan, recordBytesMax };
}
