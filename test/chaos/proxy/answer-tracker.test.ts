import { describe, expect, it } from "vitest";
import { AnswerTracker } from "./answer-tracker.ts";

const ASKED = Buffer.from("POST / HTTP/1.1\r\nIdempotency-Key: k1\r\ncontent-length: 2\r\n\r\n{}");
const ANSWER = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");

describe("an AnswerTracker", () => {
  it("names nothing when the answer has passed whole", () => {
    const tracker = new AnswerTracker();
    tracker.asked(ASKED);
    tracker.answered(ANSWER);

    expect(tracker.end()).toBeNull();
  });

  it("names the call whose answer is cut in its body, its head, or has not begun", () => {
    for (const length of [ANSWER.length - 1, 20, 0]) {
      const tracker = new AnswerTracker();
      tracker.asked(ASKED);
      tracker.answered(ANSWER.subarray(0, length));

      expect(tracker.end()).toBe("k1");
    }
  });

  it("takes a body that comes in pieces", () => {
    const tracker = new AnswerTracker();
    tracker.asked(ASKED);
    tracker.answered(ANSWER.subarray(0, ANSWER.length - 3));
    tracker.answered(ANSWER.subarray(-3));

    expect(tracker.end()).toBeNull();
  });

  it("takes a head that comes byte by byte", () => {
    const tracker = new AnswerTracker();
    tracker.asked(ASKED);
    for (const byte of ANSWER) tracker.answered(Buffer.from([byte]));

    expect(tracker.end()).toBeNull();
  });

  it("names a call once", () => {
    const tracker = new AnswerTracker();
    tracker.asked(ASKED);

    expect([tracker.end(), tracker.end()]).toEqual(["k1", null]);
  });
});
