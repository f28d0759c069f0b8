import type { Ledger } from "./ledger.ts";
import { type Attempt, NEVER, type Target } from "./rows.ts";

/** Why a target waits whose breaker is open. */
export const BREAKER_OPEN = "BREAKER_OPEN";
/** Why one waits that someone paused. */
export const PAUSED = "PAUSED";
/** Why one waits whose owner paused it, since too much of it was given up. */
const FLOODED = "FLOODED";

/** Whether a target waits for someone to let it go on. */
export function isPaused(reason: string): boolean {
  return reason === PAUSED || reason === FLOODED;
}

/** A time in which a whole target waited, at one process or (process null) at all. */
export interface Hold {
  readonly target: string;
  readonly process: number | null;
  readonly from: number;
  readonly fromOrder: number;
  /** What was said of it: why the target waits. */
  readonly reasons: string[];
  /** NEVER where nothing ended it. */
  to: number;
  toOrder: number;
}

/** All holds and pauses of a run. */
export type Holds = readonly Hold[];

/** Reads them from `held` and `released`, `pause` and `resume`; the end of a process ends its holds. */
export function holdsOf({ operations, processes }: Ledger): Holds {
  const holds: Hold[] = [];
  for (const { line, at, order } of operations) {
    const { f, target, partition, job } = line;
    if (target === undefined || partition !== undefined || job !== undefined) continue;
    const process = f === "held" || f === "released" ? processes.idOf(line.who) : null;
    const open = holds.find((hold) => {
      return hold.target === target && hold.process === process && hold.to === NEVER;
    });
    if ((f === "held" || f === "pause") && open === undefined) {
      const ends = { to: NEVER, toOrder: NEVER };
      const reasons = [line.detail ?? f];
      holds.push({ target, process, from: at, fromOrder: order, reasons, ...ends });
    } else if (f === "held") open?.reasons.push(line.detail ?? f);
    if ((f === "released" || f === "resume") && open !== undefined) {
      open.to = at;
      open.toOrder = order;
    }
  }
  for (const hold of holds) {
    const life = processes.lives.find(({ process, endAt }) => {
      return process === hold.process && endAt >= hold.from;
    });
    if (life === undefined) continue;
    hold.to = Math.min(hold.to, life.endAt);
    hold.toOrder = Math.min(hold.toOrder, life.endOrder);
  }
  return holds;
}

/** Whether an attempt was sent although its target was held: it tried whether it answers again. */
export function isProbe(holds: Holds, attempt: Attempt): boolean {
  return holds.some((hold) => isDuring(hold, attempt));
}

/** Whether an attempt tried for an open breaker, and for nothing else. */
export function isBreakerProbe(holds: Holds, attempt: Attempt): boolean {
  return holds.some(
    (hold) => isDuring(hold, attempt) && hold.reasons.every((reason) => reason === BREAKER_OPEN),
  );
}

/** Whether two attempts were sent during one hold. */
export function isSameHold(holds: Holds, one: Attempt, other: Attempt): boolean {
  return holds.some((hold) => isDuring(hold, one) && isDuring(hold, other));
}

function isDuring(hold: Hold, { delivery, process, sendOrder }: Attempt): boolean {
  const { target: name } = delivery.channel.target.terms;
  const isTheirs = hold.target === name && hold.process === process;
  return isTheirs && hold.fromOrder < sendOrder && sendOrder < hold.toOrder;
}

/**
 * How long a process's calls to a target waited between an attempt's end and a moment, ms, by its own word: it hears of
 * a pause later than it is asked for.
 */
export function heldMs(
  holds: Holds,
  span: {
    readonly target: Target;
    readonly process: number;
    readonly endAt: number;
    readonly until: number;
  },
): number {
  let total = 0;
  for (const { target, process, from, to } of holds) {
    if (target !== span.target.terms.target) continue;
    if (process !== span.process) continue;
    total += Math.max(0, Math.min(to, span.until) - Math.max(from, span.endAt));
  }
  return total;
}
