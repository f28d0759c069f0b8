import { covers } from "../done-set.ts";
import type { Findings, Invariant } from "../findings.ts";
import { isHaltedAt } from "../ledger/halts.ts";
import { laneOf } from "../ledger/lanes.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type Channel, type Delivery, NEVER, NONE, type Operation } from "../ledger/rows.ts";
import { givenUpOrder } from "../ledger/settlement.ts";
import { stepsInForce } from "../ledger/takeovers.ts";
import { judgeStops, wasDelivered } from "./replay-stops.ts";

/**
 * S20. Where the owner tells what became of the range (`job-done` with its counts), they have to add up to it. What was not
 * sent must have its reason in the history: its key was set aside, or an earlier event of it failed in the job.
 */
export const replayRange: Invariant = {
  title: "a replay sends exactly its range, in full where it is through, and its counts add up",
  needs: [["ops"], ["recv"], ["log"]],
  judge(ledger, findings) {
    const replays = ledger.operations.filter(({ line }) => line.f === "replay");
    if (replays.length === 0) findings.cannotJudge("nothing was replayed");
    const isAtRest = ledger.operations.some(({ line }) => line.f === "rest");
    for (const replay of replays) {
      const { line } = replay;
      const channels = (ledger.targetOf(line.target ?? "")?.channels ?? []).filter(
        ({ stream }) =>
          (line.topic ?? stream.topic) === stream.topic &&
          (line.partition ?? stream.partition) === stream.partition,
      );
      for (const channel of channels) {
        const done = doneOf(ledger, replay, channel);
        judgeChannel(ledger, { channel, replay, done, findings });
        // Where records are gone, the live events stand, and a replay waits for them.
        if (done !== null || !isAtRest || isHaltedAt(channel, NEVER)) continue;
        findings.breach(() => `replay ${line.job ?? line.who} is not through at rest`);
      }
      judgeOthers(ledger, { replay, channels, findings });
    }
  },
};

interface Judging {
  readonly channel: Channel;
  readonly replay: Operation;
  readonly done: Operation | null;
  readonly findings: Findings;
}

/** What an owner says of a replay that is over. */
interface Told {
  readonly end: string;
  readonly sent: number;
  readonly skipped: Readonly<Record<string, number>>;
  readonly failed: Readonly<Record<string, number>>;
}

function judgeChannel(ledger: Ledger, judging: Judging): void {
  const { channel, replay, done, findings } = judging;
  const job = ledger.names.jobOf(replay.line.job ?? replay.line.who);
  const told = toldBy(done);
  const isThrough = done !== null && (told === null || told.end === "done");
  const stopped = new Set<number>();
  let unsentCount = 0;
  let takenCount = 0;
  for (const delivery of channel.deliveries) {
    const isWanted = isInRange(ledger, delivery, replay);
    const isSent = hasArrival(delivery, job);
    if (!isWanted && !isSent) continue;
    findings.judged();
    if (!isWanted) {
      findings.breach(() => `is outside of the replay that sends it`, delivery);
      continue;
    }
    const lane = laneOf(delivery);
    const isExcused = lane !== NONE && (stopped.has(lane) || isSetAside(channel, lane, done));
    const isTried = isSent || hasAttempt(delivery, job);
    if (isTried) judgeTurn(delivery, job, findings);
    const isTaken = isTried && isDelivered(ledger, delivery, job);
    if (isTaken) takenCount += 1;
    const hasFailed = isTried && (!isTaken || hasFailedLast(delivery, job));
    if (delivery.expected === "undeliverable" || hasFailed) stopped.add(lane);
    if (!isThrough || isTried || delivery.expected !== "deliver") continue;
    unsentCount += 1;
    if (isExcused && mayStop(channel)) continue;
    findings.breach(() => `is in the range of a replay that is through, but not sent`, delivery);
  }
  judgeSteps(channel, job, findings);
  if (mayStop(channel)) judgeStops(channel, job, findings);
  if (isThrough && told !== null) {
    judgeCounts(ledger, { ...judging, told, unsentCount, takenCount });
  }
}

/** A replay sends nothing that the live group has not settled: it would come before its own first delivery. */
function judgeTurn(delivery: Delivery, job: number, findings: Findings): void {
  if (delivery.offset < delivery.channel.floor) return;
  let settledOrder = givenUpOrder(delivery, "any");
  for (let one = delivery.firstAttempt; one !== null; one = one.next) {
    const isLive = one.job === NONE && one.outcome === "delivered";
    if (isLive) settledOrder = Math.min(settledOrder, one.endOrder);
    if (one.job !== job || one.sendOrder > settledOrder) continue;
    findings.breach(() => "is sent by a replay before its live delivery has ended", delivery);
    return;
  }
}

/**
 * Nothing is sent again of which an earlier owner had written that it ended. An epoch is numbered by where its claim stands
 * in the state topic, and so it knows what stands before; an entry holds unless a claim came between its epoch and itself.
 */
function judgeSteps(channel: Channel, job: number, findings: Findings): void {
  const steps = stepsInForce(channel, job);
  if (steps.length === 0) return;
  for (const { delivery, epoch, job: own } of channel.attempts) {
    if (own !== job) continue;
    findings.judged();
    const known = steps.filter(({ place }) => place < epoch);
    if (!known.some(({ coverage }) => covers(coverage, delivery.offset))) continue;
    findings.breach(() => `is sent by epoch ${epoch}, though its end was written before`, delivery);
  }
}

/** Sent, skipped and failed are the records of the range, each once. */
function judgeCounts(
  { names }: Ledger,
  of: Judging & {
    readonly told: Told;
    readonly unsentCount: number;
    readonly takenCount: number;
  },
): void {
  const { channel, replay, told, unsentCount, takenCount, findings } = of;
  const { line } = replay;
  const isHere = ({ offset, key }: Channel["stream"]["logged"][number]): boolean =>
    offset >= (line.from ?? 0) &&
    offset < (line.to ?? NEVER) &&
    (line.key === undefined || names.keyOf(line.key) === key);
  const records = channel.stream.logged.filter(isHere);
  const filtered = records.filter((record) => {
    return record.deliveryAt(channel)?.expected === "filtered";
  });
  const skippedCount = sum(told.skipped);
  const toldCount = told.sent + skippedCount + sum(told.failed);
  const name = line.job ?? line.who;
  if (toldCount !== records.length) {
    findings.breach(() => `replay ${name} tells of ${toldCount} of ${records.length} events`);
  }
  if ((told.skipped["FILTERED"] ?? 0) !== filtered.length) {
    findings.breach(() => `replay ${name} tells of other filtered events than there are`);
  }
  if (told.sent > takenCount) {
    findings.breach(() => `replay ${name} tells of ${told.sent} sent, ${takenCount} were taken`);
  }
  if (unsentCount > skippedCount - filtered.length) {
    findings.breach(() => `replay ${name} has not sent ${unsentCount} events, and tells of fewer`);
  }
}

/** Nothing of the job arrives from anywhere else. */
function judgeOthers(
  ledger: Ledger,
  of: {
    readonly replay: Operation;
    readonly channels: readonly Channel[];
    readonly findings: Findings;
  },
): void {
  const { line } = of.replay;
  const job = ledger.names.jobOf(line.job ?? line.who);
  for (const { channels, arrivals } of ledger.targets) {
    const isOther = channels.some((channel) => !of.channels.includes(channel));
    if (!isOther) continue;
    for (const arrival of arrivals) {
      const { channel } = arrival.delivery;
      if (arrival.job !== job || of.channels.includes(channel)) continue;
      if (isAskedElsewhere(ledger, of.replay, channel)) continue;
      of.findings.breach(() => "is outside of the replay that sends it", arrival.delivery);
    }
  }
}

/** A job may have ranges in several partitions, each asked for by a line of its own. */
function isAskedElsewhere(
  { operations }: Ledger,
  { line: asked }: Operation,
  { target, stream }: Channel,
): boolean {
  return operations.some(
    ({ line }) =>
      line.f === "replay" &&
      line.job === asked.job &&
      line.target === target.terms.target &&
      (line.topic ?? stream.topic) === stream.topic &&
      (line.partition ?? stream.partition) === stream.partition,
  );
}

function doneOf(
  { operations }: Ledger,
  { line: asked, order }: Operation,
  { stream }: Channel,
): Operation | null {
  const done = operations.find(
    (one) =>
      one.line.f === "job-done" &&
      one.line.job === asked.job &&
      one.order > order &&
      (one.line.topic ?? stream.topic) === stream.topic &&
      (one.line.partition ?? stream.partition) === stream.partition,
  );
  return done ?? null;
}

function toldBy(done: Operation | null): Told | null {
  const detail = done?.line.detail;
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- written by the run's own hand (history.ts)
  return detail === undefined ? null : (JSON.parse(detail) as Told);
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, one) => total + one, 0);
}

function isInRange(
  { names }: Ledger,
  { record, expected }: Delivery,
  { line }: Operation,
): boolean {
  if (line.key !== undefined && names.keyOf(line.key) !== record.key) return false;
  const isBetween = record.offset >= (line.from ?? 0) && record.offset < (line.to ?? NEVER);
  return isBetween && expected !== "filtered";
}

/** Whether a lane may stand still behind an event that was given up. */
function mayStop({ target }: Channel): boolean {
  return target.terms.onDeadLetter !== "skip";
}

/** Whether a dead letter of the lane stood in force before the replay was over. */
function isSetAside(channel: Channel, lane: number, done: Operation | null): boolean {
  return channel.givenUps.some(({ delivery, kind }) => {
    if (kind !== "dlq" || laneOf(delivery) !== lane) return false;
    return givenUpOrder(delivery, "dlq") < (done?.order ?? NEVER);
  });
}

function hasAttempt({ firstAttempt }: Delivery, job: number): boolean {
  for (let one = firstAttempt; one !== null; one = one.next) if (one.job === job) return true;
  return false;
}

function hasArrival({ firstArrival }: Delivery, job: number): boolean {
  for (let one = firstArrival; one !== null; one = one.next) if (one.job === job) return true;
  return false;
}

/** A later owner may not know that it was taken, and be refused. */
function hasFailedLast({ firstAttempt }: Delivery, job: number): boolean {
  let hasFailed = false;
  for (let one = firstAttempt; one !== null; one = one.next) {
    if (one.job === job) hasFailed = one.outcome !== "delivered";
  }
  return hasFailed;
}

/** By the sender's word where there is one: an answer that came too late is none. */
function isDelivered({ parties }: Ledger, delivery: Delivery, job: number): boolean {
  if (parties.has("attempt")) return wasDelivered(delivery, job);
  for (let one = delivery.firstArrival; one !== null; one = one.next) {
    if (one.job === job && one.isAccepted) return true;
  }
  return false;
}
