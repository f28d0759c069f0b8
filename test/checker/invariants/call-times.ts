import type { Ledger } from "../ledger/ledger.ts";
import type { Life } from "../ledger/processes.ts";
import { type Arrival, type Attempt, type Epoch, NEVER, type Target } from "../ledger/rows.ts";

/** When the calls of a target began and ended, in the order they began; columns, since there may be a million. */
export interface CallTimes {
  readonly calls: readonly (Attempt | Arrival)[];
  readonly at: Int32Array;
  readonly order: Int32Array;
  /** When each stopped to load the target, from our side. */
  readonly endAt: Int32Array;
  readonly endOrder: Int32Array;
}

/** Timers fire late by so much, ms. */
const TIMER_MS = 50;

/**
 * The calls as their senders tell: each ends with its answer, its process or its epoch, or its deadline where its sender slept;
 * of a sender that stands still also when its group goes on without it, which nobody in it can know of.
 */
export function timesOfAttempts(
  { attempts, channels, terms }: Target,
  { processes }: Ledger,
): CallTimes {
  const times = emptyTimes(attempts);
  const epochs = channels.flatMap((channel) => channel.epochs);
  for (const [index, attempt] of attempts.entries()) {
    const { process, sendAt, sendOrder, endAt, endOrder, delivery, epoch } = attempt;
    const life = lifeAt(processes.lives, process, sendOrder);
    const owner = delivery.channel.epochs.find(({ number }) => number === epoch);
    times.at[index] = sendAt;
    times.order[index] = sendOrder;
    const left = life === undefined || owner === undefined ? null : leftBehind(life, owner, epochs);
    const ends = [life?.endAt, owner?.endAt, left?.startAt].map((one) => one ?? NEVER);
    const orders = [life?.endOrder, owner?.endOrder, left?.startOrder].map((one) => one ?? NEVER);
    times.endAt[index] = Math.min(endAt, ...ends);
    times.endOrder[index] = Math.min(endOrder, ...orders);
    const deadline = sendAt + terms.timeoutMs + TIMER_MS;
    if ((times.endAt[index] ?? NEVER) <= deadline) continue;
    times.endAt[index] = deadline;
    times.endOrder[index] = orderAt(attempts, deadline);
  }
  return times;
}

/** The first epoch of a later generation, where it begins while the owner of this one stands still. */
function leftBehind({ stops }: Life, owner: Epoch, epochs: readonly Epoch[]): Epoch | null {
  const later = epochs.filter(({ generation, process }) => {
    return generation > owner.generation && process !== owner.process;
  });
  const first = later.reduce<Epoch | null>((least, one) => {
    return least === null || one.startOrder < least.startOrder ? one : least;
  }, null);
  const isAsleep = first !== null && stops.filter((at) => at <= first.startAt).length % 2 === 1;
  return isAsleep ? first : null;
}

/** The order of the first call from a moment on. */
function orderAt(attempts: readonly Attempt[], at: number): number {
  let low = 0;
  let high = attempts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((attempts[middle]?.sendAt ?? NEVER) < at) low = middle + 1;
    else high = middle;
  }
  return attempts[low]?.sendOrder ?? NEVER;
}

/** The calls as the target tells: each ends with its answer, or with its sender's deadline. */
export function timesOfArrivals({ arrivals, terms }: Target): CallTimes {
  const times = emptyTimes(arrivals);
  for (const [index, { at, order, answerAt, answerOrder }] of arrivals.entries()) {
    times.at[index] = at;
    times.order[index] = order;
    times.endAt[index] = Math.min(answerAt, at + terms.timeoutMs);
    times.endOrder[index] = answerOrder;
  }
  return times;
}

/** The life of a process at a moment. */
export function lifeAt(lives: readonly Life[], process: number, order: number): Life | undefined {
  return lives.find((life) => {
    return life.process === process && life.startOrder <= order && order < life.endOrder;
  });
}

function emptyTimes(calls: CallTimes["calls"]): CallTimes {
  const { length } = calls;
  return {
    calls,
    at: new Int32Array(length),
    order: new Int32Array(length),
    endAt: new Int32Array(length),
    endOrder: new Int32Array(length),
  };
}
