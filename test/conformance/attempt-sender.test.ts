/** What every `AttemptSender` keeps: in memory, and over undici against a real server. */
import type { AttemptResult, AttemptSender } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { attempt, httpSender, requestTo } from "../support/http-bench.ts";
import { realClock } from "../support/real-clock.ts";
import { ScriptedSender, type MemoryAnswer } from "../support/scripted-sender.ts";
import { answerOf, startScriptedTarget } from "../support/scripted-target.ts";

/** One implementation and its target. */
interface Bundle {
  readonly sender: AttemptSender;
  readonly origin: string;
  /** Calls that reached the target. */
  readonly arrivedCount: () => number;
}

type Setup = (answer: MemoryAnswer) => Promise<Bundle>;

const inMemory: Setup = (answer) => {
  const sender = new ScriptedSender(realClock, () => answer);
  const origin = "http://memory.example/";
  return Promise.resolve({ sender, origin, arrivedCount: () => sender.requests.length });
};

const overHttp: Setup = async (answer) => {
  const target = await startScriptedTarget();
  target.answer(() => {
    if (answer.kind === "silence") return undefined;
    const { status, retryAfterMs } = answer;
    const retryAfter =
      retryAfterMs === undefined ? {} : { "retry-after": String(retryAfterMs / 1_000) };
    return answerOf(status, retryAfter);
  });
  const sender = httpSender({ origin: target.origin });
  return { sender, origin: target.origin, arrivedCount: () => target.requests.length };
};

describe.each([
  ["in memory", inMemory],
  ["over HTTP", overHttp],
])("an attempt sender %s", (_, setup) => {
  it.each<[number, Partial<AttemptResult>]>([
    [200, { kind: "delivered", status: 200 }],
    [202, { kind: "delivered", status: 202 }],
    [204, { kind: "delivered", status: 204 }],
    [299, { kind: "delivered", status: 299 }],
    [301, { kind: "misconfigured", reason: "HTTP_REDIRECT", status: 301 }],
    [307, { kind: "misconfigured", reason: "HTTP_REDIRECT", status: 307 }],
    [400, { kind: "rejected", reason: "HTTP_REJECTED", status: 400 }],
    [401, { kind: "misconfigured", reason: "HTTP_UNAUTHORIZED", status: 401 }],
    [403, { kind: "misconfigured", reason: "HTTP_UNAUTHORIZED", status: 403 }],
    [404, { kind: "rejected", status: 404 }],
    [405, { kind: "rejected", status: 405 }],
    [408, { kind: "retry", reason: "HTTP_STATUS", status: 408, ambiguous: true }],
    [409, { kind: "retry", status: 409, ambiguous: false }],
    [410, { kind: "rejected", status: 410 }],
    [413, { kind: "rejected", status: 413 }],
    [415, { kind: "rejected", status: 415 }],
    [422, { kind: "rejected", status: 422 }],
    [425, { kind: "retry", status: 425, ambiguous: false }],
    [429, { kind: "throttled", status: 429, retryAfterMs: null }],
    [500, { kind: "retry", status: 500, ambiguous: true }],
    [501, { kind: "retry", status: 501, ambiguous: true }],
    [503, { kind: "retry", status: 503, ambiguous: true }],
    [504, { kind: "retry", status: 504, ambiguous: true }],
  ])("takes %i for what the table says", async (status, expected) => {
    const { sender, origin } = await setup({ kind: "status", status });

    expect(await attempt(sender, requestTo(origin))).toMatchObject(expected);
  });

  it.each([429, 503])("passes on how long %i asks to wait", async (status) => {
    const { sender, origin } = await setup({ kind: "status", status, retryAfterMs: 7_000 });

    const result = await attempt(sender, requestTo(origin));

    expect(result).toEqual({ kind: "throttled", status, retryAfterMs: 7_000 });
  });

  it("tells each result once, and never before send has returned", async () => {
    const { sender, origin } = await setup({ kind: "status", status: 200 });
    const results: AttemptResult[] = [];
    let hasReturned = false;
    const early: boolean[] = [];
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const abandon = sender.send(requestTo(origin), (result) => {
      early.push(!hasReturned);
      results.push(result);
      resolve(undefined);
    });
    hasReturned = true;
    await promise;

    abandon();
    await sender.close();
    await attempt(sender, requestTo(origin));

    expect(results).toHaveLength(1);
    expect(early).toEqual([false]);
  });

  it("gives up at the deadline, as ambiguous", async () => {
    const { sender, origin } = await setup({ kind: "silence" });

    expect(await attempt(sender, requestTo(origin, { timeoutMs: 100 }))).toMatchObject({
      kind: "retry",
      reason: "TIMEOUT",
      ambiguous: true,
    });
  });

  it("tells an abandoned attempt as abandoned, however often it is given up", async () => {
    const { sender, origin, arrivedCount } = await setup({ kind: "silence" });
    const results: AttemptResult[] = [];
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const abandon = sender.send(requestTo(origin), (result) => {
      results.push(result);
      resolve(undefined);
    });
    await expect.poll(arrivedCount).toBe(1);

    abandon();
    expect(results).toEqual([]);
    abandon();
    await promise;

    expect(results).toEqual([{ kind: "abandoned", ambiguous: true }]);
  });

  it("abandons what is open when it closes, and sends nothing after", async () => {
    const { sender, origin, arrivedCount } = await setup({ kind: "silence" });
    const open = attempt(sender, requestTo(origin));
    await expect.poll(arrivedCount).toBe(1);

    await Promise.all([sender.close(), sender.close()]);

    expect(await open).toEqual({ kind: "abandoned", ambiguous: true });
    expect(await attempt(sender, requestTo(origin))).toEqual({
      kind: "abandoned",
      ambiguous: false,
    });
    expect(arrivedCount()).toBe(1);
  });
});
