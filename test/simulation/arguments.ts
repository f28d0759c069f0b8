import { parseArgs } from "node:util";

/** What the command is asked for. */
export interface SimulationArguments {
  readonly what: "seeds" | "seed" | "mutants";
  readonly from: number;
  /** Infinity with `--minutes` alone. */
  readonly count: number;
  readonly msMax: number;
  readonly workerCount: number;
  readonly isTraced: boolean;
  /** A folder for the history of one seed; null: none is written. */
  readonly outFolder: string | null;
  /** Mutants whose names contain this; null: all. */
  readonly only: string | null;
}

/** How the command is used. */
export const USAGE = `usage: npm run sim -- [options]

Runs the production engine and driver in simulated worlds, one a seed, and judges each history by the checker.

  --seeds N          seeds to run (default: 1000)
  --from SEED        the first of them (default: 1)
  --minutes M        end after so many minutes; without --seeds: run until then
  --seed SEED        run one seed and say what became of it; if it breaks a promise, shrunk to what is needed for that
  --trace            with --seed: all lines of its history
  --out FOLDER       with --seed: write its history there, for npm run check -- FOLDER, and what a failing one shrank to
  --mutants          run planted bugs instead: each has to break a promise within --seeds (default: 2000)
  --only NAME        with --mutants: those whose names contain NAME
  --workers N        processes (default: 2)
  --help             this text

Each run prints how often every fault struck an engine in every state. Pairs that cannot occur stand, with reasons, in
coverage/impossible-pairs.ts: one that does occur fails the run. From 20000 seeds on, so does a pair with fewer than 100 hits.

Exit codes: 0 every promise was kept (or every mutant was caught), 1 one was broken or coverage fell short, 2 the command was not understood.
`;

const DEFAULTS = { seeds: 1_000, mutantSeeds: 2_000, workers: 2 } as const;
const MINUTE_MS = 60_000;

const OPTIONS = {
  seeds: { type: "string" },
  from: { type: "string", default: "1" },
  minutes: { type: "string" },
  seed: { type: "string" },
  trace: { type: "boolean", default: false },
  out: { type: "string" },
  mutants: { type: "boolean", default: false },
  only: { type: "string" },
  workers: { type: "string", default: String(DEFAULTS.workers) },
  help: { type: "boolean", default: false },
} as const;

/** Reads the arguments; a text says what is wrong with them, `help` that the usage is wanted. */
export function readArguments(args: readonly string[]): SimulationArguments | "help" | Error {
  try {
    const { values } = parseArgs({ args: [...args], options: OPTIONS });
    if (values.help) return "help";
    const isTimed = values.minutes !== undefined;
    const isOne = values.seed !== undefined;
    const usual = values.mutants ? DEFAULTS.mutantSeeds : DEFAULTS.seeds;
    const unbounded = isTimed && !values.mutants ? Infinity : usual;
    return {
      what: values.mutants ? "mutants" : isOne ? "seed" : "seeds",
      from: wholeNumber("--seed", values.seed ?? values.from),
      count: values.seeds === undefined ? unbounded : wholeNumber("--seeds", values.seeds),
      msMax: isTimed ? wholeNumber("--minutes", values.minutes ?? "") * MINUTE_MS : Infinity,
      workerCount: wholeNumber("--workers", values.workers),
      isTraced: values.trace,
      outFolder: values.out ?? null,
      only: values.only ?? null,
    };
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new Error(`${name} takes a whole number from 1 on, not ${JSON.stringify(text)}`);
  }
  return value;
}
