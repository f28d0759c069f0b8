/** Whether `signal` has aborted by now; asked through a function because it changes while others await. */
export function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** Resolves after `delayMs`, or as soon as `signal` aborts; never rejects. */
export function wait(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal?.addEventListener("abort", done);
  });
}

/** Whether `task` settles within `limitMs`; leaves no timer behind. Rejects as `task` does. */
export async function settlesWithin(limitMs: number, task: Promise<unknown>): Promise<boolean> {
  const settled = new AbortController();
  const limit = wait(limitMs, settled.signal).then(() => false);
  try {
    return await Promise.race([task.then(() => true), limit]);
  } finally {
    settled.abort();
  }
}
