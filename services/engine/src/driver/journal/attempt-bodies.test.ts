import { expect, test } from "vitest";
import { MemoryPreparer } from "../../../testing/memory-ports.ts";
import { sourceRecord } from "../../../testing/driver-bench.ts";
import type { AttemptResult } from "../../core/lanes/attempt-result.ts";
import type { JournalBodies, PreparedEvent } from "../../ports.ts";
import { AttemptBodies, WAITING_BYTES_MAX } from "./attempt-bodies.ts";

const REFUSED: AttemptResult = { kind: "rejected", reason: "HTTP_REJECTED", status: 422 };

function eventOf(text: string): PreparedEvent {
  const preparation = new MemoryPreparer().prepare(sourceRecord(text, 0));
  if (preparation.kind !== "ready") throw new Error("it is not ready");
  return preparation.event;
}

function setup(attempts: JournalBodies["attempts"] = "failures") {
  const asked: string[] = [];
  const bodies = new AttemptBodies({
    ...{ attempts, bytesMax: 100 },
    request: () => ({ text: "sent", byteCount: 4, withheld: null }),
    answer: (_, { bytes, byteCount }) => {
      const text = Buffer.from(bytes ?? "").toString();
      asked.push(text);
      return text === "" ? null : { text, byteCount, withheld: null };
    },
  });
  const answered = (result: AttemptResult, text: string): void => {
    const bytes = Buffer.from(text);
    bodies.answered(eventOf("k:1"), result, { bytes, byteCount: bytes.length });
  };
  return { bodies, answered, asked };
}

test("an answer is given once, to the attempt that it is of", () => {
  const { bodies, answered } = setup();
  const [one, other] = [{ ...REFUSED }, { ...REFUSED }];
  answered(one, "a");

  expect(bodies.takeAnswer(other)).toBeNull();
  expect(bodies.takeAnswer(one)).toMatchObject({ text: "a" });
  expect(bodies.takeAnswer(one)).toBeNull();
  expect(bodies.bytes).toBe(0);
});

test("what is not shown is not looked at", () => {
  const { bodies, answered, asked } = setup();
  const delivered: AttemptResult = { kind: "delivered", status: 200 };
  answered(delivered, "a");

  expect(asked).toEqual([]);
  expect(bodies.takeAnswer(delivered)).toBeNull();
});

test("an empty answer takes no room", () => {
  const { bodies, answered } = setup();
  answered(REFUSED, "");

  expect([bodies.takeAnswer(REFUSED), bodies.bytes]).toEqual([null, 0]);
});

test("answers that wait are bounded, and the oldest go first", () => {
  const { bodies, answered } = setup();
  const text = "x".repeat(1_000);
  const results = Array.from({ length: 2_000 }, () => ({ ...REFUSED }));
  for (const result of results) answered(result, text);

  expect(bodies.bytes).toBeLessThanOrEqual(WAITING_BYTES_MAX);
  expect(bodies.bytes).toBeGreaterThan(WAITING_BYTES_MAX - 3_000);
  const kept = results.map((result) => bodies.takeAnswer(result) !== null);
  expect([kept.indexOf(true), kept.lastIndexOf(false)]).toEqual([
    kept.filter((isKept) => !isKept).length,
    kept.filter((isKept) => !isKept).length - 1,
  ]);
  expect(bodies.bytes).toBe(0);
});
