import { MillraceError } from "@millrace/engine";
import type { Cluster } from "./cluster.ts";
import type { Machine } from "../processes/machine.ts";

const TIMEOUT_MS = 2_000;

/** Where logs are, and who reads them. */
export interface LogPorts {
  readonly cluster: Cluster;
  readonly machine: Machine;
  /** Whose driver reads. */
  readonly target: string;
}

/** Has the brokers read a log for a process. @throws MillraceError `BROKER_UNREACHABLE`. */
export function fetchLog<Answer>(
  { cluster, machine, target }: LogPorts,
  apply: () => Answer,
): Promise<Answer> {
  return cluster.ask({ machine, target, kind: "fetch", timeoutMs: TIMEOUT_MS, apply }).catch(() => {
    throw new MillraceError("BROKER_UNREACHABLE", "the brokers did not answer");
  });
}
