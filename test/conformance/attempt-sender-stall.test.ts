/** The HTTP sender in a process that stood still: frozen, starved of CPU, or long in one piece of work. */
import { describe, expect, it } from "vitest";
import { attempt, httpSender, requestTo } from "../support/http-bench.ts";
import { answerOf, startScriptedTarget } from "../support/scripted-target.ts";

/** Nothing else runs in this process meanwhile. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe("an answer that came while the process stood still", () => {
  it("counts, although the deadline is over when it is read", async () => {
    const target = await startScriptedTarget();
    target.answer(({ socket }) => {
      socket.write(answerOf(204));
      standStill(300);
      return undefined;
    });
    const sender = httpSender({ origin: target.origin });

    const result = await attempt(sender, requestTo(target.origin, { timeoutMs: 100 }));

    expect(result).toEqual({ kind: "delivered", status: 204 });
  });
});
