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
  /** Processes that share the targets. */
  readonly processCount: number;
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
  --processes N         so many processes that share the partitions, for more than one core (default: 1); each has
                        its own admin port, --admin-port and those above it
  -h, --help            this text

Exit codes: 0 stopped as asked, 1 error, 2 wrong use, 4 no such target or file.
`;

const OPTIONS = {
  config: { type: "string", short: "c", default: "millrace.yaml" },
  target: { type: "string", multiple: true, default: [] as string[] },
  "admin-host": { type: "string", default: "127.0.0.1" },
  "admin-port": { type: "string", default: "9464" },
  grace: { type: "string", default: "50" },
  processes: { type: "string", default: "1" },
  help: { type: "boolean", short: "h", default: false },
} as const;

const PORT_MAX = 65_535;
/** Beyond it a platform's replicas are the better way. */
const PROCESSES_MAX = 64;

/** Reads the command line. */
export function readArguments(argv: readonly string[]): DeliveryArguments | Usage {
  try {
    const { values } = parseArgs({ args: [...argv], options: OPTIONS });
    if (values.help) return { text: HELP, exitCode: 0 };
    const adminPort = wholeNumber("--admin-port", values["admin-port"], [0, PORT_MAX]);
    const processCount = wholeNumber("--processes", values.processes, [1, PROCESSES_MAX]);
    if (adminPort + processCount - 1 > PORT_MAX) {
      throw new Error(`${processCount} processes have no admin port above ${PORT_MAX} to take`);
    }
    return {
      configPath: values.config,
      targets: values.target,
      adminHost: values["admin-host"],
      adminPort,
      graceMs: wholeNumber("--grace", values.grace, [0, 3_600]) * 1_000,
      processCount,
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const hint = optionHint(message);
    return { text: `${message}${hint}\nSee: millrace deliver --help\n`, exitCode: 2 };
  }
}

/** The command lines of the processes that share the work of one; a port that is free stays to be found by each. */
export function commandLines({
  configPath,
  targets,
  adminHost,
  adminPort,
  graceMs,
  processCount,
}: DeliveryArguments): readonly (readonly string[])[] {
  return Array.from({ length: processCount }, (_, index) => [
    ...["--config", configPath, ...targets.flatMap((name) => ["--target", name])],
    ...["--admin-host", adminHost, "--admin-port", String(adminPort && adminPort + index)],
    ...["--grace", String(graceMs / 1_000)],
  ]);
}

/** What Node says of an option that it does not know, and the one that may be meant. */
function optionHint(message: string): string {
  const [, name] = /^Unknown option '--([^']+)'/u.exec(message) ?? [];
  const near = name === undefined ? null : nearest(name, Object.keys(OPTIONS));
  return near === null ? "" : ` (did you mean --${near}?)`;
}

function wholeNumber(
  name: string,
  text: string,
  [min, max]: readonly [min: number, max: number],
): number {
  const value = Number(text);
  if (/^\d+$/u.test(text) && value >= min && value <= max) return value;
  throw new Error(`${name} takes a whole number from ${min} to ${max}, not '${text}'`);
}
