import { parseArgs } from "node:util";
import { nearest } from "@millrace/schemas";

/** What the process is started with. */
export interface DeliveryArguments {
  readonly configPath: string;
  /** Targets to run; empty: all of the configuration. */
  readonly targets: readonly string[];
  readonly adminHost: string;
  /** 0 takes a free port. */
  readonly adminPort: number;
  /** Time from SIGTERM to exit, ms. */
  readonly graceMs: number;
}

/** A command line that asks for something else than to run: print this and exit with that. */
export interface Usage {
  readonly text: string;
  readonly exitCode: 0 | 2;
}

export const HELP = `Usage: millrace deliver [options]

Delivers events to the targets of a configuration, one consumer group per target.

Options:
  -c, --config FILE     configuration (default: millrace.yaml)
  --target NAME         run this target only; may be given more than once
  --admin-host HOST     where /livez, /readyz, /metrics and /v1 listen (default: 127.0.0.1);
                        /v1 asks for MILLRACE_ADMIN_TOKEN, beyond this machine always
  --admin-port PORT     their port; 0 takes a free one (default: 9464)
  --grace SECONDS       time to end open calls after SIGTERM (default: 50)
  -h, --help            this text

Exit codes: 0 stopped as asked, 1 error, 2 wrong use, 4 no such target or file.
`;

const OPTIONS = {
  config: { type: "string", short: "c", default: "millrace.yaml" },
  target: { type: "string", multiple: true, default: [] as string[] },
  "admin-host": { type: "string", default: "127.0.0.1" },
  "admin-port": { type: "string", default: "9464" },
  grace: { type: "string", default: "50" },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** Reads the command line. */
export function readArguments(argv: readonly string[]): DeliveryArguments | Usage {
  try {
    const { values } = parseArgs({ args: [...argv], options: OPTIONS });
    if (values.help) return { text: HELP, exitCode: 0 };
    return {
      configPath: values.config,
      targets: values.target,
      adminHost: values["admin-host"],
      adminPort: wholeNumber("--admin-port", values["admin-port"], 65_535),
      graceMs: wholeNumber("--grace", values.grace, 3_600) * 1_000,
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const hint = optionHint(message);
    return { text: `${message}${hint}\nSee: millrace deliver --help\n`, exitCode: 2 };
  }
}

/** What Node says of an option that it does not know, and the one that may be meant. */
function optionHint(message: string): string {
  const [, name] = /^Unknown option '--([^']+)'/u.exec(message) ?? [];
  const near = name === undefined ? null : nearest(name, Object.keys(OPTIONS));
  return near === null ? "" : ` (did you mean --${near}?)`;
}

function wholeNumber(name: string, text: string, max: number): number {
  const value = Number(text);
  if (/^\d+$/u.test(text) && value <= max) return value;
  throw new Error(`${name} takes a whole number from 0 to ${max}, not '${text}'`);
}
