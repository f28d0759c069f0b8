/**
 * Now, in epoch milliseconds with fractions. Every party of a run asks the same machine, so that their lines can be
 * put in order.
 */
export function runNow(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1_000) / 1_000;
}
