import { describe, expect, it } from "vitest";
import type { RawReceiveLine } from "../target/target-server.ts";
import { missingAnswers } from "./missing-answers.ts";

const CALL = {
  h: "recv" as const,
  ...{ target: "crm", topic: "users", partition: 1, offset: 7, job: null },
  ...{ idempotencyKey: "k", bodySha: "b", connection: 5_000 },
};

function linesOf(arrival: number, arrivedAt: number, answeredAt: number): RawReceiveLine[] {
  const answer = { status: 200, retryAfterMs: null, isWhole: true, isApplied: true };
  return [
    { ...CALL, arrival, at: arrivedAt, ev: "arrive" },
    { ...CALL, arrival, at: answeredAt, ev: "answer", ...answer },
  ];
}

async function missing(lines: readonly RawReceiveLine[], ...cutsAt: readonly number[]) {
  const { idempotencyKey, connection } = CALL;
  const cuts = cutsAt.map((at) => ({ at, idempotencyKey, connection }));
  const broken = await missingAnswers(asyncOf(lines), cuts);
  return broken.map(({ arrival, at, ev }) => ({ arrival, at, ev }));
}

async function* asyncOf(lines: readonly RawReceiveLine[]): AsyncGenerator<RawReceiveLine> {
  for (const line of lines) yield await Promise.resolve(line);
}

describe("answers that went missing", () => {
  it("are those of calls that were open, or answered a moment before, when their connection was cut", async () => {
    expect(await missing(linesOf(1, 1_000, 1_010), 3_000)).toEqual([
      { arrival: 1, at: 3_000, ev: "broken" },
    ]);
    expect(await missing(linesOf(1, 1_000, 3_010), 3_000)).toEqual([
      { arrival: 1, at: 3_010, ev: "broken" },
    ]);
    expect(await missing(linesOf(1, 1_000, 1_010))).toEqual([]);
  });

  it("are none of a later attempt that got the same port, nor of an earlier one", async () => {
    const lines = [...linesOf(1, 1_000, 1_010), ...linesOf(2, 9_000, 9_010)];

    expect(await missing(lines, 3_000)).toEqual([{ arrival: 1, at: 3_000, ev: "broken" }]);
    expect(await missing(lines, 9_020)).toEqual([{ arrival: 2, at: 9_020, ev: "broken" }]);
    expect(await missing(lines, 3_000, 9_020)).toHaveLength(2);
  });

  it("are told once, also where the target wrote the call down after the cut", async () => {
    expect(await missing(linesOf(1, 1_000, 1_010), 990, 995)).toEqual([
      { arrival: 1, at: 1_010, ev: "broken" },
    ]);
  });
});
