import { channelsOf, type Findings, type Invariant } from "../findings.ts";
import { isHaltedAt } from "../ledger/halts.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type Drops, droppedOrder, dropsOf, isDropWanted } from "../ledger/drops.ts";
import { laneOf, lanesOf, replayJobs } from "../ledger/lanes.ts";
import { type Channel, type Delivery, NEVER, NONE } from "../ledger/rows.ts";
import { acceptedOrder, deliveredOrder, givenUpOrder } from "../ledger/settlement.ts";
import { spoilsOf } from "../ledger/spoils.ts";
import { judgeMarked } from "./marked-keys.ts";

/** S19. */
export const redriveOrder: Invariant = {
  title:
    "what is behind a dead letter of its key waits: the redrive keeps the order, live events follow; what is dropped is never sent",
  needs: [["log"], ["recv", "attempt"], ["dlq"]],
  judge(ledger, findings) {
    const replays = replayJobs(ledger);
    for (const channel of channelsOf(ledger)) {
      const { order, onDeadLetter } = channel.target.terms;
      if (channel.givenUps.length === 0 || order === "none" || onDeadLetter === "skip") continue;
      const drops = dropsOf(channel);
      judgeRedrives(channel, { ledger, drops, findings });
      judgeDrops(channel, { ledger, replays, drops, findings });
      judgeDiscards(channel, ledger, findings);
      judgeMarked(channel, { ledger, drops, findings });
      const releases = releasesOf(channel, ledger);
      for (const lane of lanesOf(channel)) {
        judgeLane(lane, { ledger, replays, releases, drops, findings });
      }
    }
  },
};

/** Each redrive and discard comes to its end once the run is at rest, and leaves nothing behind but what failed again. */
function judgeRedrives(
  channel: Channel,
  { ledger, drops, findings }: Pick<Judging, "drops" | "findings" | "ledger">,
): void {
  const rest = ledger.operations.findLast(({ line }) => line.f === "rest")?.order ?? null;
  for (const { line, order: askedAt } of channel.operations) {
    if (line.f !== "redrive" && line.f !== "discard") continue;
    findings.judged();
    const key = line.key ?? null;
    const done = channel.operations.find(
      (one) => one.line.f === "job-done" && one.line.job === line.job && one.order > askedAt,
    );
    const lane = laneNamed(channel, key, ledger);
    if (done !== undefined) {
      judgeLeft(lane, { askedAt, doneAt: done.order, ledger, drops, findings });
    } else if (rest !== null && askedAt < rest && !isHaltedAt(channel, rest)) {
      findings.breach(() => `${line.job ?? `a ${line.f}`} is never over`, lane[0] ?? null);
    }
  }
}

/** What is dropped was to be dropped, and is sent no more, by whatever owner; a replay may send it. */
function judgeDrops(
  channel: Channel,
  { ledger, replays, drops, findings }: Omit<Judging, "releases">,
): void {
  const isMeddled = wasMeddled(channel);
  for (const delivery of channel.deliveries) {
    const dropped = droppedOrder(drops, delivery);
    if (dropped === NEVER) continue;
    findings.judged();
    if (!isDropWanted(delivery, dropped, ledger)) {
      findings.breach(() => "is dropped, though nobody wanted that", delivery);
    }
    const calls = ledger.parties.has("attempt") ? sends : comes;
    const again = isMeddled
      ? undefined
      : [...calls(delivery, replays)].find((order) => order > dropped);
    if (again !== undefined) findings.breach(() => "is sent after it was dropped", delivery);
  }
}

function laneNamed(channel: Channel, key: string | null, { names }: Ledger): readonly Delivery[] {
  const name = channel.target.terms.order === "partition" ? 0 : names.keyOf(key);
  return (
    [...lanesOf(channel)].find(([first]) => first !== undefined && laneOf(first) === name) ?? []
  );
}

/** A new owner finds in the log again what the run has taken out of its commits. */
function wasMeddled(channel: Channel): boolean {
  return spoilsOf(channel).length > 0;
}

/** What is to be dropped is not sent for that wish; only a redrive of the same key may have come first. */
function judgeDiscards(channel: Channel, ledger: Ledger, findings: Findings): void {
  if (wasMeddled(channel)) return;
  for (const { line, order: askedAt } of channel.operations) {
    if (line.f !== "discard" || line.job === undefined) continue;
    const job = ledger.names.jobOf(line.job);
    const { from = 0, to = 0, key = null } = line;
    if (wasRedriven(channel, key, askedAt)) continue;
    for (const delivery of laneNamed(channel, key, ledger)) {
      if (delivery.offset < from || delivery.offset >= to) continue;
      findings.judged();
      if (!isCalledFor(delivery, job, ledger)) continue;
      findings.breach(() => `is sent for ${line.job ?? "a discard"}, which drops it`, delivery);
    }
  }
}

/** Whether a redrive of a key was not over when something else was asked for, or was asked for later. */
function wasRedriven({ operations }: Channel, key: string | null, askedAt: number): boolean {
  return operations.some(({ line, order }) => {
    if (line.f !== "redrive" || (line.key ?? null) !== key) return false;
    const isOver = operations.some(
      (one) => one.line.f === "job-done" && one.line.job === line.job && one.order < askedAt,
    );
    return order > askedAt || !isOver;
  });
}

function isCalledFor(
  { firstAttempt, firstArrival }: Delivery,
  job: number,
  { parties }: Ledger,
): boolean {
  if (!parties.has("attempt")) {
    for (let one = firstArrival; one !== null; one = one.next) if (one.job === job) return true;
    return false;
  }
  for (let one = firstAttempt; one !== null; one = one.next) if (one.job === job) return true;
  return false;
}

/** What was given up before a redrive was asked for is taken or dropped by its end, up to what was given up again. */
function judgeLeft(
  lane: readonly Delivery[],
  {
    askedAt,
    doneAt,
    ledger,
    drops,
    findings,
  }: Pick<Judging, "drops" | "findings" | "ledger"> & {
    readonly askedAt: number;
    readonly doneAt: number;
  },
): void {
  const isByTarget = ledger.parties.has("recv");
  for (const delivery of lane) {
    const from = givenUpOrder(delivery, "any");
    if (from > askedAt) continue;
    // Its target may have taken it without its sender knowing; and people ask before they know what became of the last wish.
    if (isGivenUpWithin(delivery, from, doneAt)) return;
    const taken = isByTarget ? acceptedOrder(delivery, from) : deliveredOrder(delivery, from);
    if (Math.min(taken, droppedOrder(drops, delivery)) < doneAt) continue;
    findings.breach(() => "is left behind by its redrive", delivery);
  }
}

function isGivenUpWithin({ firstGivenUp }: Delivery, from: number, to: number): boolean {
  for (let one = firstGivenUp; one !== null; one = one.next) {
    if (one.kind === "dlq" && from < one.order && one.order < to) return true;
  }
  return false;
}

/** When operators ended quarantines without sending, by lane. */
type Releases = ReadonlyMap<number, readonly number[]>;

interface Judging {
  readonly ledger: Ledger;
  readonly replays: ReadonlySet<number>;
  readonly releases: Releases;
  readonly drops: Drops;
  readonly findings: Findings;
}

/** A time in which a lane's later events wait for one that was given up. */
interface Wait {
  readonly delivery: Delivery;
  readonly from: number;
  readonly to: number;
}

function releasesOf({ operations, target }: Channel, { names }: Ledger): Releases {
  const releases = new Map<number, number[]>();
  for (const { line, order } of operations) {
    if (line.f !== "resolved") continue;
    const lane = target.terms.order === "partition" ? 0 : names.keyOf(line.key ?? null);
    releases.set(lane, [...(releases.get(lane) ?? []), order]);
  }
  return releases;
}

function judgeLane(lane: readonly Delivery[], judging: Judging): void {
  const waits: Wait[] = [];
  for (const delivery of lane) {
    if (waits.length > 0) judgeSends(delivery, waits, judging);
    const wait = delivery.firstGivenUp === null ? null : waitFor(delivery, judging);
    if (wait !== null) addWait(waits, wait);
  }
}

function waitFor(delivery: Delivery, { ledger, releases, drops }: Judging): Wait | null {
  const from = givenUpOrder(delivery, "any");
  if (from === NEVER) return null;
  // A write of its parking may have lain on its way until its sender knew it delivered.
  if (deliveredOrder(delivery, -1) < from && givenUpOrder(delivery, "dlq") === NEVER) return null;
  const isByTarget = ledger.parties.has("recv");
  const taken = isByTarget ? acceptedOrder(delivery, from) : deliveredOrder(delivery, from);
  const release = releases.get(laneOf(delivery))?.find((order) => order > from) ?? NEVER;
  return { delivery, from, to: Math.min(taken, release, droppedOrder(drops, delivery)) };
}

/** Keeps only what an earlier wait does not hold anyway: a key with a thousand parked events has few waits. */
function addWait(waits: Wait[], wait: Wait): void {
  const last = waits.at(-1);
  if (last !== undefined && last.from <= wait.from && last.to >= wait.to) return;
  waits.push(wait);
}

function judgeSends(delivery: Delivery, waits: readonly Wait[], judging: Judging): void {
  const { ledger, replays, findings } = judging;
  for (const order of ledger.parties.has("attempt")
    ? sends(delivery, replays)
    : comes(delivery, replays)) {
    findings.judged();
    const wait = waits.find(({ from, to }) => from < order && order < to);
    if (wait === undefined) continue;
    const { offset } = wait.delivery;
    findings.breach(
      () => `is sent while ${offset} of its lane is set aside`,
      delivery,
      wait.delivery,
    );
  }
}

function* sends({ firstAttempt }: Delivery, replays: ReadonlySet<number>): Generator<number> {
  for (let one = firstAttempt; one !== null; one = one.next) {
    if (one.job === NONE || !replays.has(one.job)) yield one.sendOrder;
  }
}

function* comes({ firstArrival }: Delivery, replays: ReadonlySet<number>): Generator<number> {
  for (let one = firstArrival; one !== null; one = one.next) {
    if (one.job === NONE || !replays.has(one.job)) yield one.order;
  }
}
