import { describe, expect, it, test } from "vitest";
import { PersonalMatcher } from "./personal-matcher.ts";

const MATCHER = new PersonalMatcher([
  ...["ada.lovelace@example.com", "Ada Lovelace", "+44 20 7946 0018", "Zoë & Ян"],
  ...["DE", "1815-12-10", "30.50", "1152921504606846976"],
]);

describe("a text holds a personal value", () => {
  it.each([
    ["whole", "ada.lovelace@example.com"],
    ["inside of another text", "no user <ada.lovelace@example.com>"],
    ["in another case", "ADA.LOVELACE@EXAMPLE.COM"],
    ["with other blanks", "Ada\n  Lovelace"],
    ["without its accents", "zoe & Ян"],
    ["in other code points", "Zoe\u0308 & Ян"],
    ["escaped as JSON in a text", String.raw`{\"to\":\"Zo\u00eb & \u042f\u043d\"}`],
    ["escaped for a URL", "/users?mail=ada.lovelace%40example.com&x=1"],
    ["escaped for a form", "name=Ada+Lovelace"],
    ["escaped for HTML", "<p>ada.lovelace&#64;example.com</p>"],
    ["escaped for HTML in hex", "Zo&#xEB; &amp; Ян"],
    ["in base64", `Basic ${Buffer.from("Ada Lovelace").toString("base64")}`],
    ["in hex", Buffer.from("Ada Lovelace").toString("hex").toUpperCase()],
    ["as one of its words", "unknown surname: Lovelace"],
    ["as a part of one", "velac"],
    ["as digits alone", "00442079460018"],
    ["as digits with other separators", "phone (+44)20-7946-0018 is taken"],
    ["that is short, as a word", "country de is not served"],
    ["that is a date", "born 1815-12-10T00:00:00Z"],
  ])("%s", (_, text) => {
    expect(MATCHER.isIn(text)).toBe(true);
  });

  it.each([
    ["what is not in it", "email must not be empty"],
    ["a short one inside of a word", "code: model"],
    ["nothing in an empty text", ""],
    ["two characters of one", "ad"],
    ["a part of its digits", "2079"],
  ])("but not %s", (_, text) => {
    expect(MATCHER.isIn(text)).toBe(false);
  });
});

describe("a number is a personal value", () => {
  test.each([
    ["equal to one", 30.5, true],
    ["that JSON cannot hold exactly", 2 ** 60, true],
    ["with its digits", 442079460018, true],
    ["another", 422, false],
  ])("%s", (_, value, expected) => {
    expect(MATCHER.isNumber(value)).toBe(expected);
  });
});

test("an event without values has none in any text", () => {
  const none = new PersonalMatcher([" ", ""]);

  expect([none.isIn("Ada"), none.isIn(""), none.isNumber(0), none.isNumber(7)]).toEqual([
    ...[false, false, false, false],
  ]);
});
