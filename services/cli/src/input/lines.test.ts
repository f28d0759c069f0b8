import { describe, expect, it } from "vitest";
import { readLines, type SourceLine } from "./lines.ts";

async function* chunksOf(...texts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text));
}

async function linesOf(
  chunks: AsyncIterable<Uint8Array>,
  lineBytesMax?: number,
): Promise<SourceLine[]> {
  const lines: SourceLine[] = [];
  for await (const line of readLines(chunks, lineBytesMax)) lines.push(line);
  return lines;
}

const textsOf = (lines: readonly SourceLine[]): unknown[] => lines.map(({ text }) => text);

describe("readLines", () => {
  it("joins lines that are cut between chunks, even inside a character", async () => {
    const [first, second] = [Buffer.from("ä").subarray(0, 1), Buffer.from("ä").subarray(1)];

    const lines = await linesOf(chunksOf("one\ntw", "o ", first, second, "\nthree"));

    expect(textsOf(lines)).toEqual(["one", "two ä", "three"]);
    expect(lines.map(({ number }) => number)).toEqual([1, 2, 3]);
  });

  it("counts blank lines, and has no line after a last line feed", async () => {
    const lines = await linesOf(chunksOf("a\n\nb\n"));

    expect(lines.map(({ number, text }) => [number, text])).toEqual([
      [1, "a"],
      [2, ""],
      [3, "b"],
    ]);
  });

  it("drops carriage returns at line ends and a byte order mark at the start", async () => {
    expect(textsOf(await linesOf(chunksOf("\ufeff{}\r\nx\ry\r\n")))).toEqual(["{}", "x\ry"]);
  });

  it("reports a line that is not UTF-8 and goes on", async () => {
    const lines = await linesOf(chunksOf("a\n", Uint8Array.of(0xff, 0x0a), "b"));

    expect(textsOf(lines)).toEqual(["a", null, "b"]);
    expect(lines[1]?.problem).toBe("the line is not UTF-8");
  });

  it("keeps no more of a line than its bound", async () => {
    const lines = await linesOf(chunksOf("12345\n", "123", "456\n", "ok\n"), 5);

    expect(textsOf(lines)).toEqual(["12345", null, "ok"]);
    expect(lines[1]?.problem).toBe("the line has 6 bytes, at most 5 are read");
  });

  it("has no lines in nothing", async () => {
    expect(await linesOf(chunksOf())).toEqual([]);
  });
});
