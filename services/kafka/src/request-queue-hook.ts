import RequestQueue from "kafkajs/src/network/requestQueue/index.js";

/** How soon waiting requests are looked at again when nothing throttles them, ms; kafkajs's own figure. */
const CHECK_INTERVAL_MS = 10;

let isInstalled = false;

/**
 * Keeps kafkajs from setting timers with a negative delay, which Node answers with a `TimeoutNegativeWarning`: after
 * every response it schedules a look at its waiting requests, `throttledUntil - now` from now, though none wait. Here
 * a look is scheduled only while requests wait, and never in the past. Idempotent; for the whole process.
 */
export function installRequestQueueHook(): void {
  if (isInstalled) return;
  isInstalled = true;
  RequestQueue.prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
    const delayMs = Math.max(this.throttledUntil - Date.now(), CHECK_INTERVAL_MS);
    this.throttleCheckTimeoutId = setTimeout(() => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    }, delayMs);
  };
}
