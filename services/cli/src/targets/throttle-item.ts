import type { AskedTime } from "@millrace/control";

/** The time that a target asked for, as it is printed; times are RFC 3339, of the clock of the process that was asked. */
export interface ThrottleItem {
  /** The process that was asked; the others have it from that one. */
  readonly by: string;
  readonly since: string;
  readonly until: string;
}

/** The item of a throttle; null where there is none, or its time is over. @param now epoch ms. */
export function throttleItem(asked: AskedTime | null, now: number): ThrottleItem | null {
  if (asked === null || asked.until <= now) return null;
  const { until, wish } = asked;
  return {
    by: wish.by,
    since: new Date(wish.at).toISOString(),
    until: new Date(until).toISOString(),
  };
}
