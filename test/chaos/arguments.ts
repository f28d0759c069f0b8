import { parseArgs } from "node:util";
import { FAULT_NAMES, type FaultName } from "./faults/fault-name.ts";
import { isProfile, PROFILES, type ProfileName } from "./profile.ts";

/** What `npm run chaos` is told. */
export interface ChaosArguments {
  readonly profile: ProfileName;
  readonly seed: number;
  /** Faults in place of the profile's own, in this order; null: the profile's. */
  readonly faults: readonly FaultName[] | null;
  /** Between two faults, in place of the profile's, ms; null: the profile's. */
  readonly gapMs: number | null;
  /** How long a fault of a target or the network lasts, in place of its own time, ms; null: its own. */
  readonly holdMs: number | null;
  /** Where the history goes; null: `runs/<seed>`. */
  readonly folder: string | null;
}

/** A command line that asks for something else: print this and exit with that. */
export interface Usage {
  readonly text: string;
  readonly exitCode: 0 | 2;
}

const HELP = `Usage: npm run chaos -- [options]

Runs real servers and processes under load, makes trouble, and judges what they wrote down.

Options:
  --profile NAME   ${Object.keys(PROFILES).join(", ")} (default: pr)
  --seed NUMBER    the same faults in the same order (default: 1)
  --faults A,B     these faults in this order, in place of the profile's
  --gap SECONDS    between two faults, in place of the profile's
  --hold SECONDS   how long a fault of a target or the network lasts, in place of its own time
  --folder FOLDER  where its history goes (default: runs/<seed>); what is there is removed
  -h, --help       this text

npm run check -- FOLDER judges a history again.
Exit codes: 0 clean, 1 a promise is broken, 2 nothing was shown (a fault took no effect, latencies that were to be
compared could not be, or the harness stood still).
`;

/** Reads the command line. */
export function readArguments(argv: readonly string[]): ChaosArguments | Usage {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        profile: { type: "string", default: "pr" },
        seed: { type: "string", default: "1" },
        faults: { type: "string" },
        gap: { type: "string" },
        hold: { type: "string" },
        folder: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) return { text: HELP, exitCode: 0 };
    const { profile, seed } = values;
    if (!isProfile(profile)) throw new Error(`no such profile: ${profile}`);
    if (!/^\d{1,9}$/u.test(seed)) throw new Error(`--seed takes a whole number, not '${seed}'`);
    const faults = values.faults?.split(",").map(faultName) ?? null;
    const gapMs = millisecondsOf("--gap", values.gap);
    const holdMs = millisecondsOf("--hold", values.hold);
    return { profile, seed: Number(seed), folder: values.folder ?? null, faults, gapMs, holdMs };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { text: `${message}\n\n${HELP}`, exitCode: 2 };
  }
}

function millisecondsOf(option: string, seconds: string | undefined): number | null {
  if (seconds === undefined) return null;
  if (!/^\d{1,5}(\.\d+)?$/u.test(seconds)) {
    throw new Error(`${option} takes seconds, not '${seconds}'`);
  }
  return Number(seconds) * 1_000;
}

function faultName(word: string): FaultName {
  const found = FAULT_NAMES.find((name) => name === word);
  if (found === undefined) {
    throw new Error(`no such fault: ${word}; there are ${FAULT_NAMES.join(", ")}`);
  }
  return found;
}
