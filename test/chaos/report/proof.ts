/**
 * Whether a fault took effect: what is only scheduled proves nothing. Each kind has its own sign in the history.
 */
import type { OperationLine } from "../../checker/history.ts";
import type { FaultRecord } from "../faults/fault.ts";
import type { FaultName } from "../faults/fault-name.ts";
import { SLOW_MS, VERY_SLOW_MS } from "../faults/target-faults.ts";
import type { ArrivalSeen, Observation } from "./observation.ts";

/** What the history says. */
export interface Proof {
  readonly isProven: boolean;
  /** The sign, with its figures. */
  readonly text: string;
}

type Prover = (record: FaultRecord, observation: Observation) => Proof;

/** A silence of a target that shows that it was left alone, ms. */
const SILENCE_MS = 3_000;

const PROVERS: Readonly<Record<FaultName, Prover>> = {
  kill: openAtKill,
  zombie: sessionLost,
  "short-stop": silentProcess,
  "rolling-restart": endedInOrder,
  "rebalance-storm": (record, { claims }) =>
    atLeast(
      record.who.length,
      "partitions taken by the guests",
      claims.filter(({ process }) => record.who.includes(process)).length,
    ),
  "broker-kill": appendsPaused,
  "broker-restart": leadersMoved,
  "leader-chase": appendsPaused,
  "disk-full": (record, observation) => {
    const { isProven, text } = appendsPaused(record, observation);
    const hasGivenUp = operationsOf(record, observation.operations).some(({ detail }) => {
      return detail === "by itself";
    });
    const end = hasGivenUp ? "the broker gave up" : "the broker did not give up";
    return { isProven: isProven && hasGivenUp, text: `${end}, ${text}` };
  },
  "registry-outage": (record, observation) =>
    atLeast(20, "deliveries while the registry was away", arrivalsIn(record, observation).length),
  "gateway-kill": unsureEmits,
  "server-errors": (record, observation) =>
    atLeast(5, "answers of 5xx", answers(record, observation, isServerError)),
  "some-errors": (record, observation) =>
    atLeast(20, "answers of 5xx", answers(record, observation, isServerError)),
  throttling: pauseAsTold,
  unauthorized: (record, observation) => {
    const count = answers(record, observation, (status) => status === 401);
    const silenceMs = longestSilence(record, observation);
    return {
      isProven: count > 0 && silenceMs >= SILENCE_MS,
      text: `${count} answers of 401, then ${Math.round(silenceMs)} ms of silence`,
    };
  },
  flapping: (record, observation) => {
    const down = answers(record, observation, isServerError);
    const up = answers(record, observation, (status) => status === 200);
    return { isProven: down >= 10 && up >= 10, text: `${down} answers of 5xx, ${up} of 200` };
  },
  "apply-then-timeout": (record, observation) =>
    atLeast(
      5,
      "calls applied and not answered",
      arrivalsIn(record, observation).filter(
        ({ isApplied, status }) => isApplied && status === null,
      ).length,
    ),
  "rejected-keys": (record, observation) =>
    atLeast(1, "dead letters of the keys", deadLettersOf(record, observation)),
  "slow-key": (record, observation) => slowAnswers(record, observation, SLOW_MS),
  poison: (record, observation) =>
    atLeast(record.who.length, "dead letters of the keys", deadLettersOf(record, observation)),
  "answer-resets": (record, observation) =>
    atLeast(
      5,
      "answers cut on their way",
      arrivalsIn(record, observation).filter(({ isBroken, status }) => isBroken && status !== null)
        .length,
    ),
  latency: slowerThanClean,
  "slow-drip": (record, observation) =>
    atLeast(
      5,
      "calls given up before their answer was through",
      arrivalsIn(record, observation).filter(({ isBroken }) => isBroken).length,
    ),
  "half-open": silentTarget,
  "dead-target": silentTarget,
  "brokers-silent": (record, observation) => {
    const { startAt, endAt } = record;
    const lastCallAt = arrivalsIn(record, observation).at(-1)?.at ?? startAt;
    const silenceMs = longestGap(observation.commits, startAt, endAt);
    const text = `no commit for ${Math.round(silenceMs)} ms, the last call ${Math.round(lastCallAt - startAt)} ms after the cut`;
    return { isProven: silenceMs >= SILENCE_MS && endAt - lastCallAt >= SILENCE_MS, text };
  },
  "brokers-refuse": ({ startAt, endAt }, { commits }) =>
    atLeast(2_000, "ms without a commit", Math.round(longestGap(commits, startAt, endAt))),
  "brokers-slow": ({ startAt, endAt }, { commits }) => {
    const during = commits.filter((at) => at >= startAt && at < endAt).length;
    const usual = usualCount(commits, endAt - startAt);
    return { isProven: during < usual, text: `${during} commits in place of ${usual}` };
  },
  "rejected-key": (record, observation) => {
    const { isProven, text } = atLeast(
      1,
      "dead letters of the key",
      deadLettersOf(record, observation),
    );
    const parked = observation.givenUps.filter(
      ({ kind, key, at }) =>
        kind === "park" && record.who.includes(key ?? "") && at >= record.startAt,
    ).length;
    return { isProven: isProven && parked > 0, text: `${text}, ${parked} events parked` };
  },
  "very-slow-key": (record, observation) => slowAnswers(record, observation, VERY_SLOW_MS),
};

/** Commits of a span of this length, over the whole run: what came before a fault may be another one's end. */
function usualCount(commits: readonly number[], spanMs: number): number {
  const [first = 0, last = first] = [commits[0], commits.at(-1)];
  return Math.round((commits.length * spanMs) / Math.max(spanMs, last - first));
}

/** Looks for it. */
export function prove(record: FaultRecord, observation: Observation): Proof {
  return PROVERS[record.name](record, observation);
}

/** Calls of the key were answered, each after so long. */
function slowAnswers(
  { who, ...record }: FaultRecord,
  observation: Observation,
  slowMs: number,
): Proof {
  const slow = arrivalsIn(record, observation).filter(
    ({ key, status, at, endAt }) =>
      who.includes(key ?? "") && status !== null && (endAt ?? at) - at >= slowMs,
  );
  return atLeast(3, "slow answers of the key", slow.length);
}

/** A process died with calls open. */
function openAtKill(record: FaultRecord, observation: Observation): Proof {
  const { arrivals, operations } = observation;
  const kills = operationsOf(record, operations).filter(({ f }) => f === "kill");
  const open = kills.flatMap(({ at, who: victim }) =>
    arrivals.filter((call) => call.process === victim && isOpen(call, at)),
  );
  const takenOver = kills.map((line) => `${takeoverSeconds(line, observation)} s`).join(", ");
  return atLeast(1, `calls open at the kill, taken over after ${takenOver}`, open.length);
}

/** From a kill until all that the process had was claimed by others. */
function takeoverSeconds({ at, who }: OperationLine, { claims }: Observation): string {
  const owners = new Map<string, string>();
  let lastAt = at;
  for (const { target, partition, process, ...claim } of claims) {
    const name = `${target}/${partition}`;
    const isTakeover = claim.at > at && owners.get(name) === who && process !== who;
    if (isTakeover) lastAt = Math.max(lastAt, claim.at);
    owners.set(name, process);
  }
  return ((lastAt - at) / 1_000).toFixed(1);
}

/** Every process was told to end, and did with code 0. */
function endedInOrder(record: FaultRecord, { operations }: Observation): Proof {
  const { who } = record;
  const ended = operationsOf(record, operations).filter(
    ({ f, detail }) => f === "exit" && detail === "0",
  );
  const text = `${ended.length} of ${who.length} processes ended with 0`;
  return { isProven: ended.length === who.length && who.length > 0, text };
}

/** Another process took what it had, while it was stopped. */
function sessionLost(record: FaultRecord, { claims, operations }: Observation): Proof {
  const { who } = record;
  const { stoppedAt, continuedAt } = stopOf(record, operations);
  const owners = new Map<string, string>();
  let taken = 0;
  for (const { at, process, target, partition } of claims) {
    const name = `${target}/${partition}`;
    const isOurs = who.includes(owners.get(name) ?? "");
    if (isOurs && at > stoppedAt && at < continuedAt && !who.includes(process)) taken += 1;
    owners.set(name, process);
  }
  return atLeast(1, "partitions taken from it while it was stopped", taken);
}

/** A process sent nothing while it was stopped. */
function silentProcess(record: FaultRecord, { arrivals, operations }: Observation): Proof {
  const { who } = record;
  const { stoppedAt, continuedAt } = stopOf(record, operations);
  const own = arrivals.filter(({ process }) => who.includes(process));
  const before = own.filter(({ at }) => at < stoppedAt && at > stoppedAt - 1_000).length;
  const during = own.filter(({ at }) => at > stoppedAt + 200 && at < continuedAt).length;
  const text = `${before} calls in the second before the stop, ${during} during it`;
  return { isProven: before > 0 && during === 0, text };
}

/** Some emits were not acknowledged at once. */
function unsureEmits({ startAt, endAt }: FaultRecord, observation: Observation): Proof {
  const count = observation.unsureEmits.filter((at) => at >= startAt && at <= endAt).length;
  return atLeast(1, "emits without an acknowledgement", count);
}

/** A partition took no record for a while that takes dozens a second. */
function appendsPaused({ startAt, endAt }: FaultRecord, { appends }: Observation): Proof {
  const gaps = appends.map((times) => longestGap(times, startAt, endAt));
  return atLeast(500, "ms without a record in a partition", Math.round(Math.max(...gaps)));
}

/** What a broker led that was stopped in order was led by others; where it was alone, nothing was written. */
function leadersMoved(record: FaultRecord, observation: Observation): Proof {
  const start = operationsOf(record, observation.operations).find(({ f }) => f === "broker-start");
  const moved = Number.parseInt(start?.detail ?? "", 10);
  if (!(moved > 0)) return appendsPaused(record, observation);
  return atLeast(1, "partitions led by others", moved);
}

/** After the last answer of 429 the target was left alone for as long as it had asked. */
function pauseAsTold({ target, startAt, endAt }: FaultRecord, { arrivals }: Observation): Proof {
  const told = arrivals.filter(
    (call) =>
      call.target === target && call.status === 429 && call.at >= startAt && call.at <= endAt,
  );
  const last = told.reduce((latest, { endAt: at }) => Math.max(latest, at ?? 0), 0);
  const next = arrivals.find((call) => call.target === target && call.at > last)?.at ?? Infinity;
  const askedMs = told.at(-1)?.retryAfterMs ?? Infinity;
  const text = `${told.length} answers of 429, then ${Math.round(next - last)} ms of silence`;
  return { isProven: told.length > 0 && next - last >= askedMs - 1_000, text };
}

function silentTarget(record: FaultRecord, observation: Observation): Proof {
  const silenceMs = longestSilence(record, observation);
  const text = `no call came through for ${Math.round(silenceMs)} ms`;
  return { isProven: silenceMs >= SILENCE_MS, text };
}

/** Calls came later than before the fault. */
function slowerThanClean(record: FaultRecord, observation: Observation): Proof {
  const { target, startAt } = record;
  const latencies = (calls: readonly ArrivalSeen[]): number[] =>
    calls.flatMap(({ latencyMs }) => latencyMs ?? []).sort((a, b) => a - b);
  const before = latencies(
    observation.arrivals.filter(
      (call) => call.target === target && call.at < startAt && call.at > startAt - 2_000,
    ),
  );
  const during = latencies(arrivalsIn(record, observation));
  const [was = 0, is = 0] = [before, during].map((all) => all[all.length >> 1]);
  const text = `calls came after ${Math.round(is)} ms in the median, ${Math.round(was)} before`;
  return { isProven: is - was >= 20, text };
}

function longestSilence(
  { target, startAt, endAt }: FaultRecord,
  { arrivals }: Observation,
): number {
  const times = arrivals.filter((call) => call.target === target).map(({ at }) => at);
  return longestGap(times, startAt, endAt);
}

/** Longest stretch between two times without one of these, which ascend. */
function longestGap(times: readonly number[], from: number, to: number): number {
  let last = from;
  let longest = 0;
  for (const at of times) {
    if (at < from) continue;
    longest = Math.max(longest, Math.min(at, to) - last);
    last = Math.min(at, to);
    if (at >= to) return longest;
  }
  return Math.max(longest, to - last);
}

function deadLettersOf({ who, startAt }: FaultRecord, { givenUps }: Observation): number {
  return givenUps.filter(
    ({ kind, key, at }) => kind === "dlq" && at >= startAt && who.includes(key ?? ""),
  ).length;
}

/** When its process was stopped and went on; never, where it was not. */
function stopOf(
  record: FaultRecord,
  operations: Observation["operations"],
): { readonly stoppedAt: number; readonly continuedAt: number } {
  const own = operationsOf(record, operations);
  return {
    stoppedAt: own.find(({ f }) => f === "stop")?.at ?? Infinity,
    continuedAt: own.find(({ f }) => f === "continue")?.at ?? -Infinity,
  };
}

/** What this fault did to its processes. */
function operationsOf(
  { who, startAt, endAt }: FaultRecord,
  operations: Observation["operations"],
): readonly OperationLine[] {
  return operations.filter(
    (line) => who.includes(line.who) && line.at >= startAt && line.at <= endAt,
  );
}

function isServerError(status: number): boolean {
  return status >= 500;
}

function isOpen({ at, endAt }: ArrivalSeen, when: number): boolean {
  return at < when && (endAt ?? Infinity) >= when;
}

function answers(
  record: FaultRecord,
  observation: Observation,
  isSuch: (status: number) => boolean,
): number {
  return arrivalsIn(record, observation).filter(({ status }) => status !== null && isSuch(status))
    .length;
}

/** Calls that came while the harm lasted, at the target that it befell or at all. */
function arrivalsIn(
  { target, startAt, endAt }: Pick<FaultRecord, "endAt" | "startAt" | "target">,
  { arrivals }: Observation,
): readonly ArrivalSeen[] {
  return arrivals.filter(
    (call) => (target === null || call.target === target) && call.at >= startAt && call.at <= endAt,
  );
}

function atLeast(least: number, what: string, count: number): Proof {
  return { isProven: count >= least, text: `${count} ${what}` };
}
