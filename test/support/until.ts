/** How often the outside world is asked, ms. */
const POLL_MS = 25;

/**
 * Asks until the answer is yes: for what other processes do, which send this one no signal. Waiting longer than
 * `deadlineMs` is a failure that says what was waited for, and what was seen last.
 */
export async function until(
  what: string,
  isTrue: () => Promise<boolean> | boolean,
  options: { readonly deadlineMs?: number; readonly seen?: () => string } = {},
): Promise<void> {
  const { deadlineMs = 60_000, seen = () => "" } = options;
  const deadline = performance.now() + deadlineMs;
  while (!(await isTrue())) {
    if (performance.now() > deadline) {
      throw new Error(`waited ${deadlineMs / 1_000} s for: ${what}. ${seen()}`.trim());
    }
    await new Promise((resolve) => {
      setTimeout(resolve, POLL_MS);
    });
  }
}
