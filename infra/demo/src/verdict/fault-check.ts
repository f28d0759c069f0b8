import type { ApiRecord, Arrival } from "./records.ts";
import { isRefused } from "./target-history.ts";
import type { Evidence, FaultFigures, Problem } from "./verdict.ts";

/** What the records show of the faults the run set out to make. */
export function faultFigures({ run, apis }: Evidence): FaultFigures {
  const sum = (count: (api: ApiRecord) => number): number =>
    apis.reduce((total, api) => total + count(api), 0);
  return {
    serverErrors: sum(serverErrors),
    refusals: sum(refusals),
    callsCut: sum((api) => api.arrivals.filter(({ ended }) => ended?.end === "reset").length),
    connectionsRefused: sum(refused),
    outageMs: sum(outageMs),
    kills: run.kills.length,
    openAtKill: run.kills.reduce((total, at) => total + sum((api) => openAt(api, at)), 0),
  };
}

/** A run whose planned faults did not happen proves nothing: each must show in the records. */
export function checkFaults({ run, apis }: Evidence): Problem[] {
  const problems: Problem[] = [];
  const miss = (target: string | null, detail: string): number =>
    problems.push({ check: "fault", target, eventId: null, detail });
  for (const api of apis) {
    const { target } = api;
    const planned = run.targets[target]?.faults;
    if (planned?.serverErrors === true && serverErrors(api) === 0)
      miss(target, "no 5xx was answered");
    if (planned?.refusals === true && refusals(api) === 0) miss(target, "refused no event");
    if (planned?.outage === true && outageMs(api) === 0) miss(target, "was never away");
    if (planned?.outage === true && refused(api) === 0) miss(target, "refused no connection");
  }
  if (run.kills.length < run.killsPlanned)
    miss(null, `the delivery process was killed ${run.kills.length} of ${run.killsPlanned} times`);
  for (const at of run.kills)
    if (apis.every((api) => openAt(api, at) === 0))
      miss(null, `no call was open at the kill at ${new Date(at).toISOString()}`);
  return problems;
}

function serverErrors({ arrivals }: ApiRecord): number {
  return arrivals.filter(({ ended }) => ended?.end === "answered" && (ended.status ?? 0) >= 500)
    .length;
}

function refusals({ arrivals }: ApiRecord): number {
  return arrivals.filter(isRefused).length;
}

function refused({ outages }: ApiRecord): number {
  return outages.reduce((total, outage) => total + outage.refused, 0);
}

function outageMs({ outages }: ApiRecord): number {
  return outages.reduce((total, { downAt, upAt }) => total + ((upAt ?? downAt) - downAt), 0);
}

function openAt({ arrivals }: ApiRecord, killedAt: number): number {
  return arrivals.filter((arrival) => isCutByKill(arrival, killedAt)).length;
}

/** It had arrived, and its caller was gone before the answer. */
function isCutByKill({ at, ended }: Arrival, killedAt: number): boolean {
  return at <= killedAt && (ended === null || (ended.end === "gone" && ended.at >= killedAt));
}
