/** All faults by name. */
import type { Fault, FaultName } from "./fault.ts";
import { kill, rollingRestart } from "./process-faults.ts";
import { serverErrors } from "./target-faults.ts";

/** What each one does. */
export const FAULTS: Readonly<Record<FaultName, Fault>> = {
  kill,
  "rolling-restart": rollingRestart,
  "server-errors": serverErrors,
};
