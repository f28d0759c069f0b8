/**
 * Whether a fault took effect: what is only scheduled proves nothing. Each kind has its own sign in the history.
 */
import type { FaultName, FaultRecord } from "../faults/fault.ts";
import type { ArrivalSeen, Observation } from "./observation.ts";

/** What the history says. */
export interface Proof {
  readonly isProven: boolean;
  /** The sign, with its figures. */
  readonly text: string;
}

type Prover = (record: FaultRecord, observation: Observation) => Proof;

const PROVERS: Readonly<Record<FaultName, Prover>> = {
  kill: openAtKill,
  "rolling-restart": endedInOrder,
  "server-errors": (record, observation) =>
    atLeast(
      20,
      "answers of 5xx",
      answers(record, observation, (status) => status >= 500),
    ),
};

/** Looks for it. */
export function prove(record: FaultRecord, observation: Observation): Proof {
  return PROVERS[record.name](record, observation);
}

/** A process died with calls open. */
function openAtKill({ who }: FaultRecord, { arrivals, operations }: Observation): Proof {
  const kills = operations.filter(({ f, who: victim }) => f === "kill" && who.includes(victim));
  const open = kills.flatMap(({ at, who: victim }) =>
    arrivals.filter((call) => call.process === victim && isOpen(call, at)),
  );
  return atLeast(1, "calls open at the kill", open.length);
}

/** Every process was told to end, and did with code 0. */
function endedInOrder({ who }: FaultRecord, { operations }: Observation): Proof {
  const ended = who.filter((name) =>
    operations.some((line) => line.f === "exit" && line.who === name && line.detail === "0"),
  );
  const text = `${ended.length} of ${who.length} processes ended with 0`;
  return { isProven: ended.length === who.length && who.length > 0, text };
}

function isOpen({ at, endAt }: ArrivalSeen, when: number): boolean {
  return at < when && (endAt ?? Infinity) >= when;
}

function answers(
  { target, startAt, endAt }: FaultRecord,
  { arrivals }: Observation,
  isSuch: (status: number) => boolean,
): number {
  return arrivals.filter(
    (call) =>
      call.target === target &&
      call.at >= startAt &&
      call.at <= endAt &&
      call.status !== null &&
      isSuch(call.status),
  ).length;
}

function atLeast(least: number, what: string, count: number): Proof {
  return { isProven: count >= least, text: `${count} ${what}` };
}
