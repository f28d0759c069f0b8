import RequestQueue from "kafkajs/src/network/requestQueue/index.js";
import { describe, expect, it } from "vitest";
import { installRequestQueueHook } from "./request-queue-hook.ts";

const nothing = (): void => undefined;

function newQueue(): RequestQueue & { throttledUntil: number; pending: unknown[] } {
  installRequestQueueHook();
  const logger = { debug: nothing };
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- made by hand, without a connection
  return Reflect.construct(RequestQueue, [{ logger }]) as RequestQueue & {
    throttledUntil: number;
    pending: unknown[];
  };
}

describe("the request queue's timer", () => {
  it("is not set while nothing waits", () => {
    const queue = newQueue();

    queue.scheduleCheckPendingRequests();

    expect(queue.throttleCheckTimeoutId).toBeNull();
  });

  it("looks soon while something waits, and once only", () => {
    const queue = newQueue();
    queue.pending.push({});

    queue.scheduleCheckPendingRequests();
    const timer = queue.throttleCheckTimeoutId;
    queue.scheduleCheckPendingRequests();

    expect(timer).not.toBeNull();
    expect(queue.throttleCheckTimeoutId).toBe(timer);
    clearTimeout(timer ?? undefined);
  });
});
