import { parseArgs } from "node:util";
import { isProfile, PROFILES, type ProfileName } from "./profile.ts";

/** What `npm run chaos` is told. */
export interface ChaosArguments {
  readonly profile: ProfileName;
  readonly seed: number;
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
  --folder FOLDER  where its history goes (default: runs/<seed>); what is there is removed
  -h, --help       this text

npm run check -- FOLDER judges a history again.
Exit codes: 0 clean, 1 a promise is broken, 2 nothing was shown (a fault took no effect, or the harness stood still).
`;

/** Reads the command line. */
export function readArguments(argv: readonly string[]): ChaosArguments | Usage {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        profile: { type: "string", default: "pr" },
        seed: { type: "string", default: "1" },
        folder: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) return { text: HELP, exitCode: 0 };
    const { profile, seed } = values;
    if (!isProfile(profile)) throw new Error(`no such profile: ${profile}`);
    if (!/^\d{1,9}$/u.test(seed)) throw new Error(`--seed takes a whole number, not '${seed}'`);
    return { profile, seed: Number(seed), folder: values.folder ?? null };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { text: `${message}\n\n${HELP}`, exitCode: 2 };
  }
}
