import type { SourceRecord } from "@millrace/engine";
import { asOffset, asPartition, asTopic } from "@millrace/engine";
import type { OpenDeadLetter } from "@millrace/jobs";
import { describe, expect, it } from "vitest";
import { openLetter } from "../../test-support/open-letter.ts";
import type { FilterVerdict } from "../tail/event-matcher.ts";
import type { OnLetterRecord } from "./letter-records.ts";
import { judgeLetters, unfilterableText } from "./meant-letters.ts";

const LETTERS = [1, 2, 3, 4].map((offset) => openLetter(offset));

/** Judges with these verdicts by offset; what has none does not come. */
function judged(verdicts: Readonly<Record<number, FilterVerdict>>) {
  const judge = {
    judge: ({ offset }: SourceRecord) => Promise.resolve(verdicts[offset] ?? "differs"),
  };
  const read = async (onRecord: OnLetterRecord): Promise<void> => {
    for (const letter of LETTERS.toReversed())
      if (verdicts[letter.offset] !== undefined) await onRecord(letter, recordOf(letter));
  };
  return judgeLetters(LETTERS, judge, read);
}

function recordOf({ offset }: OpenDeadLetter): SourceRecord {
  return {
    ...{ topic: asTopic("dead"), partition: asPartition(0), offset: asOffset(offset) },
    ...{ timestampMs: 0, key: null, value: null, headers: {} },
  };
}

const offsetsOf = (letters: readonly OpenDeadLetter[]) => letters.map(({ offset }) => offset);

describe("the dead letters that a filter means", () => {
  it("are those that it lets through, in their order", async () => {
    const { meant, unfilterable } = await judged({
      ...{ 1: "matches", 2: "differs", 3: "unfilterable", 4: "matches" },
    });

    expect(offsetsOf(meant)).toEqual([1, 4]);
    expect(offsetsOf(unfilterable)).toEqual([3]);
  });

  it("are none of those that are gone before they could be judged, and these are told", async () => {
    const { meant, unfilterable } = await judged({ 1: "matches", 3: "differs" });

    expect(offsetsOf(meant)).toEqual([1]);
    expect(offsetsOf(unfilterable)).toEqual([2, 4]);
  });
});

describe("what is told of dead letters that cannot be judged", () => {
  it("is how many they are and how they are named, by place where they have no id", () => {
    expect(unfilterableText([openLetter(1), openLetter(2, { id: null })])).toBe(
      "2 dead letters are left out: the filter cannot be asked, since the event cannot be decoded or has not what it asks for. " +
        "Without --filter: --id e1 users:0:2",
    );
    expect(unfilterableText([openLetter(1)])).toMatch(/^1 dead letter is left out: /u);
  });

  it("names the first of many", () => {
    const many = Array.from({ length: 9 }, (_, offset) => openLetter(offset));

    expect(unfilterableText(many)).toMatch(/--id e0 e1 e2 e3 e4, and 4 more$/u);
  });
});
