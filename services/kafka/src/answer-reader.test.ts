import { describe, expect, it } from "vitest";
import { AnswerReader } from "./answer-reader.ts";

const answer = (text: string): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(text.length);
  return Buffer.concat([length, Buffer.from(text)]);
};

/** The answers in `bytes` where each read brings at most `step` of them, all into the same buffer. */
function answersOf(bytes: Buffer, step: number): readonly Buffer[] {
  const reader = new AnswerReader();
  const shared = Buffer.alloc(step);
  const answers: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += step) {
    const count = bytes.copy(shared, 0, at);
    reader.read(shared.subarray(0, count), (whole) => answers.push(whole));
    shared.fill(0xff);
  }
  return answers;
}

describe("a reader of answers", () => {
  it("finds the same answers wherever the reads cut them, in a buffer that is used again", () => {
    const sent = ["seven", "", "x".repeat(9_000), "end"].map(answer);
    const bytes = Buffer.concat(sent);

    for (const step of [1, 2, 3, 4, 5, 7, 8, 11, 100, 9_000, bytes.length]) {
      expect(answersOf(bytes, step)).toEqual(sent);
    }
  });

  it("keeps an answer to itself until the last byte is there", () => {
    const reader = new AnswerReader();
    const bytes = answer("whole");
    const answers: Buffer[] = [];
    const take = (part: Buffer): void => reader.read(part, (whole) => answers.push(whole));

    take(bytes.subarray(0, bytes.length - 1));
    expect(answers).toEqual([]);
    take(bytes.subarray(bytes.length - 1));

    expect(answers).toEqual([bytes]);
  });

  it.each([
    ["below zero", Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ["a TLS server's alert", Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x0a])],
    ["an HTTP server's first words", Buffer.from("HTTP/1.1 400 Bad Request\r\n")],
  ])("refuses a length that is %s, and says what may be there", (_, bytes) => {
    const reader = new AnswerReader();

    expect(() => reader.read(bytes, () => undefined)).toThrow(
      /an answer of -?\d+ bytes, where 256 MiB is the most: this is no Kafka broker, or one that wants TLS/u,
    );
  });
});
