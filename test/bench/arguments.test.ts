import { describe, expect, it } from "vitest";
import { readArguments } from "./arguments.ts";
import { FAMILIES } from "./families/families.ts";
import { MAIN_CELLS } from "./main/cells.ts";

describe("the bench's command line", () => {
  it("measures everything unless it is told what", () => {
    const all = {
      ...{ cells: MAIN_CELLS, families: Object.keys(FAMILIES), runCount: 3 },
      isEverySetting: false,
    };
    expect(readArguments([])).toMatchObject(all);
    expect(readArguments(["--main"])).toMatchObject({ cells: MAIN_CELLS, families: [] });
    expect(readArguments(["--every-setting"])).toMatchObject({ isEverySetting: true });
    expect(readArguments(["--family", "memory"])).toMatchObject({
      ...{ cells: [], families: ["memory"] },
    });
    expect(readArguments(["--cell", "0ms-100k-12p-64f", "--json"])).toMatchObject({
      ...{ cells: [{ keyCount: 100 }], families: [], isJson: true },
    });
  });

  it.each([
    [["--cell", "fast"], "no such cell: fast; there are 0ms-10000k-12p-64f, "],
    [["--family", "speed"], "no such family: speed; there are latency, "],
    [["--runs", "0"], "--runs takes a number from 1 to 99, not '0'"],
    [["--fast"], "--fast"],
  ])("refuses %j and says what there is", (argv, text) => {
    const read = readArguments(argv);

    expect(read).toMatchObject({ exitCode: 2 });
    expect("text" in read ? read.text : "").toContain(text);
  });
});
