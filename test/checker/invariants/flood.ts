/**
 * Where half of what ends is written off, over many keys, it is the target's fault or its mapping's: its owner pauses it before
 * a whole topic is gone, and makes no more calls (S15). What was under way may end so too.
 *
 * A history tells of a refused call when it ends, and of what else is given up only once that is written. So refused calls are
 * counted, which are fewer: an owner that counts them all has to pause no later.
 */
import type { Findings } from "../findings.ts";
import { isPaused } from "../ledger/holds.ts";
import { replayJobs } from "../ledger/lanes.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Life } from "../ledger/processes.ts";
import { type Attempt, NEVER, NONE, type Operation, type Target } from "../ledger/rows.ts";
import { lifeAt } from "./call-times.ts";

/**
 * Ends that are looked back on, refused ones among them by which a target has to be paused, and keys that they must be of: some
 * more than by which it is (50 and 20), since what an owner counts besides may be of few keys, and it knows sooner than others
 * that it has lost a partition.
 */
const ENDS = 100;
const REFUSED_MIN = 55;
const KEYS_MIN = 25;
/** What tells of a moment may stand so much before or behind what it made, ms. */
const MERGE_MS = 20;

/** What one process has seen of a target. */
interface Seen {
  /** The last ends: the key of a refused one, null for one that was taken. */
  readonly ends: (string | null)[];
  /** When it was last paused: what was sent before that is not counted. */
  pausedOrder: number;
  /** When it ought to have been paused; NEVER where it need not be. */
  dueAt: number;
}

/** Judges the calls of a target that its senders wrote down. */
export function judgeFlood(ledger: Ledger, target: Target, findings: Findings): void {
  const { lives } = ledger.processes;
  const heard = heardOf(ledger, target);
  const seen = new Map<Life | null, Seen>();
  const seenBy = (process: number, order: number): Seen => {
    const life = lifeAt(lives, process, order) ?? null;
    let known = seen.get(life);
    if (known === undefined) seen.set(life, (known = nothingSeen()));
    return known;
  };
  let next = 0;
  for (const attempt of heard.length === 0 ? [] : target.attempts) {
    const { process, sendOrder } = attempt;
    for (let one = heard[next]; one !== undefined && one.order < sendOrder; one = heard[next]) {
      take(seenBy(one.process, one.order), one);
      next += 1;
    }
    judgeCall(attempt, seenBy(process, sendOrder), findings);
  }
}

function nothingSeen(): Seen {
  return { ends: [], pausedOrder: NONE, dueAt: NEVER };
}

/** What a process hears: that a call ended, or (null) that the target is paused. */
interface Heard {
  readonly order: number;
  readonly process: number;
  readonly attempt: Attempt | null;
}

/** In the order in which it was heard; nothing where so few calls were refused that nobody need pause. */
function heardOf(ledger: Ledger, target: Target): readonly Heard[] {
  const jobs = replayJobs(ledger);
  const isRefused = (attempt: Attempt): boolean => {
    return attempt.outcome === "rejected" && !jobs.has(attempt.job) && wasOwned(attempt);
  };
  const ends = target.attempts.filter((one) => one.outcome === "delivered" || isRefused(one));
  if (ends.filter(({ outcome }) => outcome === "rejected").length < REFUSED_MIN) return [];
  const { operations, processes } = ledger;
  const pauses = operations.filter(({ line }) => isPause(line, target));
  return [
    ...ends.map((attempt) => {
      return { order: attempt.endOrder, process: attempt.process, attempt };
    }),
    ...pauses.map(({ line, order }) => {
      return { order, process: processes.idOf(line.who), attempt: null };
    }),
  ].sort((one, other) => one.order - other.order);
}

function isPause({ f, target, detail = "" }: Operation["line"], { terms }: Target): boolean {
  return f === "held" && isPaused(detail) && target === terms.target;
}

/** What ends behind its owner's epoch is written off by nobody. */
function wasOwned({ delivery, epoch, process, endOrder }: Attempt): boolean {
  return delivery.channel.epochs.some((one) => {
    return one.number === epoch && one.process === process && endOrder < one.endOrder;
  });
}

function take(seen: Seen, { order, attempt }: Heard): void {
  if (attempt === null) {
    seen.ends.length = 0;
    seen.pausedOrder = order;
    seen.dueAt = NEVER;
    return;
  }
  const isRefused = attempt.outcome === "rejected";
  if (isRefused && attempt.sendOrder < seen.pausedOrder) return;
  seen.ends.push(isRefused ? nameOf(attempt) : null);
  if (seen.ends.length > ENDS) seen.ends.shift();
  if (!isRefused || seen.dueAt !== NEVER) return;
  const refused = seen.ends.filter((key) => key !== null);
  if (refused.length < REFUSED_MIN || new Set(refused).size < KEYS_MIN) return;
  seen.dueAt = attempt.endAt;
}

/** Where nothing orders an event, it is a key of its own. */
function nameOf({ delivery }: Attempt): string {
  const { stream, target } = delivery.channel;
  const { key, offset } = delivery.record;
  const isKeyed = key !== NONE && target.terms.order === "key";
  const name = isKeyed ? `key ${key}` : `offset ${offset}`;
  return `${stream.topic}/${stream.partition}/${name}`;
}

function judgeCall({ sendAt, delivery }: Attempt, seen: Seen, findings: Findings): void {
  findings.judged();
  if (sendAt <= seen.dueAt + MERGE_MS) return;
  seen.dueAt = NEVER;
  seen.ends.length = 0;
  findings.breach(
    () => `is sent although ${REFUSED_MIN} of the last ${ENDS} calls were refused`,
    delivery,
  );
}
