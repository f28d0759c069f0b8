import { parseArgs } from "node:util";
import { SCENE_NAMES, type SceneName } from "../scene/scene.ts";
import { SABOTAGES, type Sabotage } from "../verdict/sabotage.ts";
import { nearName } from "./near-name.ts";

/** What the demo is asked for. */
export interface DemoArguments {
  readonly scene: SceneName;
  /** How many events to emit; null: as many as the scene has. */
  readonly eventCount: number | null;
  readonly seed: number;
  readonly prints: "table" | "json";
  readonly sabotage: Sabotage | null;
  /** Folder of a recorded run to judge again instead of running; null: run. */
  readonly recordedRun: string | null;
}

/** A command line that asks for something else than to run: print this and exit with that. */
export interface Usage {
  readonly text: string;
  readonly exitCode: 0 | 2;
}

const HELP = `Usage: npm run demo [-- options]

Starts Kafka and a schema registry on this machine, sends events through the gateway, delivers them to scripted APIs
that fail, go away and watch the delivery process being killed, then lets a separate process judge the records. The scene
oncall shows the commands of someone who finds out why events wait, and mends it.

Options:
  --scene NAME      users (default), orders, flights or oncall
  --events N        events to emit (not in the scene flights)
  --seed N          seed of events and faults (default: 1)
  --json            print one JSON document instead of the table
  --sabotage KIND   then break one event in a copy of an API's log: lose, reorder, repeat or wrong-body;
                    the verdict must find it, and the exit code is 1
  --run DIR         do not run: judge the recorded run in this folder (.millrace/demo/<run>)
  -h, --help        this text

Exit codes: 0 nothing lost, disordered or repeated without cause, and the faults really happened; 1 otherwise; 2 wrong use.
`;

const OPTIONS = {
  scene: { type: "string", default: "users" },
  events: { type: "string" },
  seed: { type: "string", default: "1" },
  json: { type: "boolean", default: false },
  sabotage: { type: "string" },
  run: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** Reads the command line. */
export function readArguments(argv: readonly string[]): DemoArguments | Usage {
  try {
    const { values } = parseArgs({ args: [...argv], options: OPTIONS });
    if (values.help) return { text: HELP, exitCode: 0 };
    const scene = oneOf("--scene", SCENE_NAMES, values.scene);
    if (values.events !== undefined && scene === "flights")
      throw new RangeError("--events: the scene flights has its own events, all of them");
    return {
      scene,
      eventCount: values.events === undefined ? null : wholeNumber("--events", values.events, 100),
      seed: wholeNumber("--seed", values.seed, 0),
      prints: values.json ? "json" : "table",
      sabotage:
        values.sabotage === undefined ? null : oneOf("--sabotage", SABOTAGES, values.sabotage),
      recordedRun: values.run ?? null,
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { text: `${message}\nSee: npm run demo -- --help\n`, exitCode: 2 };
  }
}

function oneOf<Name extends string>(option: string, names: readonly Name[], text: string): Name {
  const known = names.find((name) => name === text);
  if (known !== undefined) return known;
  const near = nearName(text, names);
  const hint = near === null ? "" : `; did you mean ${near}?`;
  throw new RangeError(`${option}: one of ${names.join(", ")}, not '${text}'${hint}`);
}

function wholeNumber(option: string, text: string, min: number): number {
  const value = Number(text);
  if (/^\d+$/u.test(text) && Number.isSafeInteger(value) && value >= min) return value;
  throw new RangeError(`${option}: a whole number of at least ${min}, not '${text}'`);
}
