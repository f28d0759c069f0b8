/** One moment on both clocks. */
export interface Moment {
  /** The engine's clock, monotonic ms. */
  readonly now: number;
  /** Epoch ms. */
  readonly wallNow: number;
}

/** Whole ms until a time of the engine's clock; 0 where it has passed. */
export function untilMs(at: number, { now }: Pick<Moment, "now">): number {
  return Math.max(0, Math.ceil(at - now));
}
