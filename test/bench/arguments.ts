import { parseArgs } from "node:util";
import { FAMILIES, isFamily, type FamilyName } from "./families/families.ts";
import { MAIN_CELL, MAIN_CELLS, nameOf, type Cell } from "./main/cells.ts";

/** What `npm run bench` is told. */
export interface BenchArguments {
  /** Cells of the main table. */
  readonly cells: readonly Cell[];
  readonly families: readonly FamilyName[];
  /** Subjects whose names contain one of these, beside the ceiling and ours; empty: all of them. */
  readonly peers: readonly string[];
  readonly runCount: number;
  /** Whether each peer is tried in all of its settings in every cell. */
  readonly isEverySetting: boolean;
  readonly isJson: boolean;
  /** Whether results are kept under `test/bench/results`. */
  readonly isKept: boolean;
}

/** A command line that asks for something else: print this and exit with that. */
export interface Usage {
  readonly text: string;
  readonly exitCode: 0 | 2;
}

const RUNS = 3;

const HELP = `Usage: npm run bench -- [options]

Measures the shipped millrace deliver against what a user would pick instead, on the same work in one run. Without --main,
--cell or --family it measures everything.

Options:
  --main           the main table
  --cell A,B       only these of its cells: ${nameOf(MAIN_CELL)}, ...
  --family A,B     families: ${Object.keys(FAMILIES).join(", ")}
  --peers A,B      beside the ceiling and millrace, only subjects whose names contain one of these; none: no others
  --runs NUMBER    runs of each subject in each case of a family, parts of its run in a cell (default: ${RUNS})
  --every-setting  in each cell, try each peer in all of its settings and show the best; takes twice as long
  --keep           write the results, dated, to test/bench/results
  --json           one JSON document instead of tables
  -h, --help       this text

It needs two cores, Linux, Go, Maven and Java 17 or newer.
Exit codes: 0 measured, 1 a row counts for nothing (the table says why), 2 the command was not understood.
`;

const OPTIONS = {
  main: { type: "boolean", default: false },
  cell: { type: "string" },
  family: { type: "string" },
  peers: { type: "string", default: "" },
  runs: { type: "string", default: String(RUNS) },
  "every-setting": { type: "boolean", default: false },
  keep: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** Reads the command line. */
export function readArguments(argv: readonly string[]): BenchArguments | Usage {
  try {
    const { values } = parseArgs({ args: [...argv], options: OPTIONS });
    if (values.help) return { text: HELP, exitCode: 0 };
    if (!/^[1-9]\d?$/u.test(values.runs)) {
      throw new Error(`--runs takes a number from 1 to 99, not '${values.runs}'`);
    }
    const isAll = !values.main && values.cell === undefined && values.family === undefined;
    const cells = values.cell?.split(",").map(cellNamed);
    const families = values.family?.split(",").map(familyNamed);
    return {
      cells: cells ?? (values.main || isAll ? MAIN_CELLS : []),
      families: families ?? (isAll ? Object.keys(FAMILIES).filter(isFamily) : []),
      peers: values.peers.split(",").filter((name) => name !== ""),
      runCount: Number(values.runs),
      isEverySetting: values["every-setting"],
      isJson: values.json,
      isKept: values.keep,
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { text: `${message}\n\n${HELP}`, exitCode: 2 };
  }
}

function cellNamed(name: string): Cell {
  const found = MAIN_CELLS.find((cell) => nameOf(cell) === name);
  if (found !== undefined) return found;
  throw new Error(`no such cell: ${name}; there are ${MAIN_CELLS.map(nameOf).join(", ")}`);
}

function familyNamed(name: string): FamilyName {
  if (isFamily(name)) return name;
  throw new Error(`no such family: ${name}; there are ${Object.keys(FAMILIES).join(", ")}`);
}
