import { parseArgs } from "node:util";
import type { LogLevel } from "@millrace/engine";
import { nearest } from "@millrace/schemas";
import { isLoopbackHost } from "./access.ts";

/** What the process is started with. */
export interface GatewayArguments {
  readonly kind: "run";
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Null: `millrace.yaml` of the current folder if it is there and no catalog is named, else none. */
  readonly configPath: string | null;
  /** Null: the configuration's, else the one that comes with Millrace. */
  readonly catalogPath: string | null;
  /** Null: nobody needs a key. */
  readonly apiKeysPath: string | null;
  readonly admin: { readonly host: string; readonly port: number } | null;
  /** How long brokers may take to acknowledge, ms. */
  readonly ackTimeoutMs: number;
  /** Time from SIGTERM to exit, ms. */
  readonly graceMs: number;
  readonly logLevel: LogLevel;
}

/** A key to make. */
export interface NewKeyArguments {
  readonly kind: "new-key";
  readonly apiKeysPath: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly expiresAt: string | null;
}

/** A command line that asks for something else than to run: print this and exit with that. */
export interface Usage {
  readonly kind: "usage";
  readonly text: string;
  readonly exitCode: 0 | 2;
}

export const HELP = `Usage: millrace gateway [options]
       millrace gateway new-key --api-keys FILE --name NAME [--scope emit:TOPIC]... [--expires TIME]

Takes events over HTTP (POST /v1/events) and answers 202 once the brokers have acknowledged them.

Options:
  --host HOST           where to listen (default: 127.0.0.1)
  --port PORT           its port; 0 takes a free one (default: 8080)
  -c, --config FILE     brokers, registry and catalog from this configuration (default: millrace.yaml if it is there
                        and no --catalog is given)
  --catalog FILE        event catalog (default: the configuration's, else the one that comes with Millrace)
  --api-keys FILE       who may emit; without it only a loopback --host is taken, and nobody needs a key
  --admin-port PORT     serves /metrics, /livez and /readyz here too; 0 takes a free port (default: off)
  --admin-host HOST     where that listens (default: 127.0.0.1)
  --ack-timeout SECONDS how long brokers may take to acknowledge (default: 10)
  --grace SECONDS       time to end open requests after SIGTERM (default: 25)
  --log-level LEVEL     debug, info, warn or error (default: info)
  -h, --help            this text

new-key adds a key to FILE and prints it; it is shown this once and kept nowhere. SIGHUP reads FILE again.

Environment: KAFKA_BROKERS (default: 127.0.0.1:9092) and SCHEMA_REGISTRY_URL
(default: http://127.0.0.1:8081/apis/ccompat/v7) where no configuration names them; OTEL_* for traces.

Exit codes: 0 stopped as asked, 1 error, 2 wrong use, 4 no such file.
`;

const OPTIONS = {
  host: { type: "string", default: "127.0.0.1" },
  port: { type: "string", default: "8080" },
  config: { type: "string", short: "c" },
  catalog: { type: "string" },
  "api-keys": { type: "string" },
  "admin-host": { type: "string", default: "127.0.0.1" },
  "admin-port": { type: "string" },
  "ack-timeout": { type: "string", default: "10" },
  grace: { type: "string", default: "25" },
  "log-level": { type: "string", default: "info" },
  name: { type: "string" },
  scope: { type: "string", multiple: true, default: [] as string[] },
  expires: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** Reads the command line. */
export function readArguments(argv: readonly string[]): GatewayArguments | NewKeyArguments | Usage {
  try {
    const { values, positionals } = parse(argv);
    if (values.help) return { kind: "usage", text: HELP, exitCode: 0 };
    const [command, ...others] = positionals;
    if (command === "new-key" && others.length === 0) return newKeyArguments(values);
    if (command !== undefined) throw new Error(`there is no command '${positionals.join(" ")}'`);
    return gatewayArguments(values);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const [line = ""] = message.split("\n", 1);
    const text = `millrace gateway: ${line}${optionHint(line)}\nSee: millrace gateway --help\n`;
    return { kind: "usage", text, exitCode: 2 };
  }
}

/** The option that may be meant where Node does not know one. */
function optionHint(message: string): string {
  const [, name] = /^Unknown option '--([^']+)'/u.exec(message) ?? [];
  const near = name === undefined ? null : nearest(name, Object.keys(OPTIONS));
  return near === null ? "" : ` (did you mean --${near}?)`;
}

type Parsed = ReturnType<typeof parse>;

function parse(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
}

function gatewayArguments(values: Parsed["values"]): GatewayArguments {
  const apiKeysPath = values["api-keys"] ?? null;
  if (values.name !== undefined || values.expires !== undefined || values.scope.length > 0) {
    throw new Error("--name, --scope and --expires belong to new-key");
  }
  if (apiKeysPath === null && !isLoopbackHost(values.host)) {
    throw new Error(
      `--host ${values.host} is reachable from elsewhere: name who may emit with --api-keys FILE, or listen on 127.0.0.1`,
    );
  }
  const adminPort = values["admin-port"];
  return {
    kind: "run",
    host: values.host,
    port: wholeNumber("--port", values.port, PORTS),
    configPath: values.config ?? null,
    catalogPath: values.catalog ?? null,
    apiKeysPath,
    admin:
      adminPort === undefined
        ? null
        : { host: values["admin-host"], port: wholeNumber("--admin-port", adminPort, PORTS) },
    ackTimeoutMs: wholeNumber("--ack-timeout", values["ack-timeout"], { min: 1, max: 300 }) * 1_000,
    graceMs: wholeNumber("--grace", values.grace, { min: 0, max: 3_600 }) * 1_000,
    logLevel: logLevelOf(values["log-level"]),
  };
}

function newKeyArguments(values: Parsed["values"]): NewKeyArguments {
  const { name, scope, expires } = values;
  const apiKeysPath = values["api-keys"];
  if (apiKeysPath === undefined) throw new Error("new-key needs --api-keys FILE");
  if (name === undefined) throw new Error("new-key needs --name NAME: whose key it is");
  return { kind: "new-key", apiKeysPath, name, scopes: scope, expiresAt: expires ?? null };
}

const LOG_LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

function logLevelOf(text: string): LogLevel {
  const level = LOG_LEVELS.find((one) => one === text);
  if (level !== undefined) return level;
  throw new Error(`--log-level takes ${LOG_LEVELS.join(", ")}, not '${text}'`);
}

const PORTS = { min: 0, max: 65_535 };

function wholeNumber(
  name: string,
  text: string,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  const value = Number(text);
  if (/^\d+$/u.test(text) && value >= min && value <= max) return value;
  throw new Error(`${name} takes a whole number from ${min} to ${max}, not '${text}'`);
}
