/** One moment on both clocks. */
export interface Moment {
  /** The engine's clock, monotonic ms. */
  readonly now: number;
  /** Epoch ms. */
  readonly wallNow: number;
}
