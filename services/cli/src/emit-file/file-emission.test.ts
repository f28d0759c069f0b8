import { asOffset, asPartition, asTopic } from "@millrace/engine";
import type { Receipt } from "@millrace/emitter";
import { describe, expect, it } from "vitest";
import { LineReader, type LineEvent } from "../input/event-line.ts";
import type { SourceLine } from "../input/lines.ts";
import {
  FileEmission,
  OPEN_CHARACTERS_MAX,
  OPEN_LINES_MAX,
  type EmissionParts,
} from "./file-emission.ts";
import type { LineEnd } from "./line-end.ts";
import type { Checkpoint } from "./resume-state.ts";

async function* linesOf(texts: readonly string[]): AsyncGenerator<SourceLine> {
  for (const [index, text] of texts.entries()) {
    yield await Promise.resolve({ number: index + 1, text, problem: null });
  }
}

const event = (n: number): string => JSON.stringify({ type: "t", n });

const receiptOf = ({ id, type }: LineEvent): Receipt => ({
  id,
  source: "urn:t",
  type,
  topic: asTopic("t"),
  partition: asPartition(0),
  offset: asOffset(0),
  sends: 1,
});

/** An emission whose emits are ended by the test, in any order. */
function setup(parts: Partial<EmissionParts> = {}) {
  const emits: { readonly event: LineEvent; readonly end: (end?: LineEnd) => void }[] = [];
  const told: string[] = [];
  const interrupted = new AbortController();
  const mapping = { type: null, typeField: "type", timeField: null, keyField: null };
  const emission = new FileEmission({
    reader: new LineReader({ ...mapping, source: "urn:t" }, (name) => name),
    emit: (one) => {
      const { promise, resolve } = Promise.withResolvers<LineEnd>();
      const done: LineEnd = { kind: "emitted", receipt: receiptOf(one) };
      emits.push({ event: one, end: (end = done) => resolve(end) });
      return promise;
    },
    onReceipt: ({ id }) => told.push(id),
    onInvalid: ({ number }, problems) => told.push(`${number}: ${problems[0]?.pointer ?? ""}`),
    onSettled: () => Promise.resolve(),
    interrupted: interrupted.signal,
    resumeFrom: null,
    assertSame: () => undefined,
    ...parts,
  });
  return { emission, emits, told, interrupted };
}

async function turn(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

describe("FileEmission", () => {
  it("hands lines over in order without waiting, and tells their ends in order", async () => {
    const { emission, emits, told } = setup();
    const running = emission.run(linesOf([event(1), "", "{", event(2)]));
    await turn();

    expect(emits).toHaveLength(2);
    emits[1]?.end();
    await turn();
    expect(told).toEqual([]);
    emits[0]?.end();

    expect(await running).toEqual({ emittedCount: 2, invalidCount: 1, line: 4, failure: null });
    expect(told).toEqual([emits[0]?.event.id, "3: ", emits[1]?.event.id]);
  });

  it("settles nothing beyond a line that failed, whatever became of later ones", async () => {
    const { emission, emits, told } = setup();
    const running = emission.run(linesOf([event(1), event(2), event(3)]));
    await turn();

    const error = new Error("away");
    emits[2]?.end();
    emits[1]?.end({ kind: "failed", error });
    emits[0]?.end();

    expect(await running).toMatchObject({ emittedCount: 1, line: 1, failure: { error } });
    expect(told).toHaveLength(1);
    expect(emission.checkpoint.line).toBe(1);
  });

  it("reads no more than its bound ahead of what is settled", async () => {
    const { emission, emits } = setup();
    const count = OPEN_LINES_MAX + 100;
    const running = emission.run(linesOf(Array.from({ length: count }, (_, n) => event(n))));
    for (let turns = 0; turns < 20; turns += 1) await turn();

    expect(emits).toHaveLength(OPEN_LINES_MAX);
    for (const { end } of emits) end();
    await turn();
    await turn();
    for (const { end } of emits) end();

    expect(await running).toMatchObject({ emittedCount: count, failure: null });
  });

  it("reads no more than its bound of text ahead, however few lines that is", async () => {
    const { emission, emits } = setup();
    const large = "x".repeat(OPEN_CHARACTERS_MAX / 4);
    const lines = Array.from({ length: 9 }, (_, n) => JSON.stringify({ type: "t", n, large }));
    const running = emission.run(linesOf(lines));
    for (let turns = 0; turns < 20; turns += 1) await turn();

    const openCount = emits.length;
    for (let next = 0; next < lines.length; next += 1) {
      emits[next]?.end();
      await turn();
    }

    expect(openCount).toBe(4);
    expect(await running).toMatchObject({ emittedCount: 9, failure: null });
  });

  it("fails, and does not stand still, when what it tells cannot be told", async () => {
    const error = new Error("disk full");
    const { emission, emits } = setup({
      onReceipt: () => {
        throw error;
      },
    });
    const running = emission.run(linesOf([event(1), event(2)]));
    await turn();
    for (const { end } of emits) end();

    expect(await running).toMatchObject({ line: 0, failure: { error } });
  });

  it("stops reading when it is interrupted, and settles what is open", async () => {
    const { emission, emits, interrupted } = setup();
    const running = emission.run(linesOf([event(1), event(2), event(3)]));
    await Promise.resolve();
    await Promise.resolve();

    interrupted.abort();
    await turn();
    const openCount = emits.length;
    for (const { end } of emits) end();

    expect(openCount).toBeLessThan(3);
    expect(await running).toMatchObject({ emittedCount: openCount, line: openCount });
  });

  it("goes on after the checkpoint of an earlier run, counting its invalid lines", async () => {
    const first = setup();
    const running = first.emission.run(linesOf([event(1), "{"]));
    await turn();
    first.emits[0]?.end();
    await running;
    const seen: boolean[] = [];
    const second = setup({
      resumeFrom: first.emission.checkpoint,
      assertSame: ({ digest }, lines) => seen.push(digest === lines.value),
    });

    const resumed = second.emission.run(linesOf([event(1), "{", event(3)]));
    await turn();
    for (const { end } of second.emits) end();

    expect(await resumed).toMatchObject({ emittedCount: 1, invalidCount: 1, line: 3 });
    expect(second.emits.map(({ event: { data } }) => data)).toEqual([{ n: 3 }]);
    expect(seen).toEqual([true]);
  });

  it("notices that a file is shorter than what was emitted of it", async () => {
    const resumeFrom: Checkpoint = { line: 9, invalidCount: 0, digest: "" };
    const changed = new Error("changed");
    const { emission } = setup({
      resumeFrom,
      assertSame: () => {
        throw changed;
      },
    });

    await expect(emission.run(linesOf([event(1)]))).rejects.toBe(changed);
  });
});
