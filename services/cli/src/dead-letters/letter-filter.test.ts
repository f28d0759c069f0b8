import { asRecordKey } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { openLetter } from "../../test-support/open-letter.ts";
import { filterLetters, type LetterFilter } from "./letter-filter.ts";

const LETTERS = [
  openLetter(1),
  openLetter(2, { key: asRecordKey("bob"), reason: "DECODE_FAILED", httpStatus: null }),
  openLetter(3, { key: null, id: null, type: null, httpStatus: 400 }),
];

const offsetsOf = (filter: LetterFilter): readonly number[] =>
  filterLetters(LETTERS, filter).map(({ offset }) => offset);

describe("the dead letters that are named", () => {
  it.each<readonly [LetterFilter, readonly number[]]>([
    [{}, [1, 2, 3]],
    [{ key: ["bob", "eve"] }, [2]],
    [{ id: ["e1"] }, [1]],
    [{ error: "HTTP_REJECTED" }, [1, 3]],
    [{ error: "HTTP_REJECTED", status: 400 }, [3]],
    [{ type: "users.ProfileUpdated" }, [1, 2]],
  ])("are, by %o, %o", (filter, offsets) => {
    expect(offsetsOf(filter)).toEqual(offsets);
  });

  it("may be named by place, since an event that cannot be read has no id", () => {
    expect(offsetsOf({ id: ["users:0:3", "e2"] })).toEqual([2, 3]);
    expect(offsetsOf({ id: ["users:1:3"] })).toEqual([]);
  });
});
