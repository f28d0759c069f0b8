/** A stretch of a run, epoch ms; its end is not in it. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** Whole slices of a window, in order; what is left at its end belongs to the last one. */
export function slicesOf({ from, to }: Window, sliceMs: number): readonly Window[] {
  const count = Math.max(1, Math.floor((to - from) / sliceMs));
  return Array.from({ length: count }, (_, index) => {
    const start = from + index * sliceMs;
    return { from: start, to: index === count - 1 ? to : start + sliceMs };
  });
}
