/** Turns whatever a command threw into what the user reads and the code the process ends with. */
import { CliError, reasonOf } from "./cli-error.ts";
import { listedProblems } from "./problem.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";

/** What is told of a failure; `text` has no trailing newline. */
export interface Failure {
  readonly exitCode: ExitCode;
  readonly text: string;
}

/** Codes whose exit code is not 1. */
const EXIT_BY_CODE: Readonly<Record<string, ExitCode>> = {
  CATALOG_MISSING: EXIT.notFound,
  CONFIG_MISSING: EXIT.notFound,
  TOPIC_MISSING: EXIT.notFound,
  EMIT_UNKNOWN_TYPE: EXIT.notFound,
  EVENT_TYPE_UNKNOWN: EXIT.notFound,
  JAVA_MISSING: EXIT.precondition,
  JAVA_TOO_OLD: EXIT.precondition,
  MAVEN_MISSING: EXIT.precondition,
  PORT_TAKEN: EXIT.precondition,
  DISK_FULL: EXIT.precondition,
};

/** What to do, where the command line knows it better than the table of error codes. */
const HINTS: Readonly<Record<string, string>> = {
  BROKER_UNREACHABLE:
    "start one with millrace up, or name the brokers in KAFKA_BROKERS or the configuration",
  REGISTRY_UNREACHABLE:
    "start one with millrace up, or name it in SCHEMA_REGISTRY_URL or the configuration",
  TOPIC_MISSING: "create it with millrace init, or check its name",
};

/** Errors whose message says all of it already. */
const SELF_EXPLAINING: ReadonlySet<string> = new Set([
  "CONFIG_INVALID",
  "CATALOG_INVALID",
  "CATALOG_MISSING",
  "SCHEMA_INCOMPATIBLE",
  "SCHEMA_UNKNOWN",
]);

const OWN_ERRORS: ReadonlySet<string> = new Set([
  "JournalIndexError",
  "MillraceError",
  "SchemaError",
  "StackError",
]);

/** Explains an error: what, where, what to do. The stack only for debugging. */
export async function explain(error: unknown, env: NodeJS.ProcessEnv): Promise<Failure> {
  const code = codeOf(error);
  const lines = isExpected(error)
    ? [reasonOf(error), ...problemLines(error), ...indented(await hintOf(error, code))]
    : [`unexpected error: ${reasonOf(error)}`, ...indented("MILLRACE_DEBUG=1 shows where")];
  if (env["MILLRACE_DEBUG"] === "1") lines.push(stackOf(error));
  const exitCode =
    error instanceof CliError ? error.exitCode : (EXIT_BY_CODE[code ?? ""] ?? EXIT.error);
  return { exitCode, text: lines.join("\n") };
}

/** The `code` of an error of ours or of the system, or null. */
export function codeOf(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}

/** What an invalid event lists, where the message has the first problem only. */
function problemLines(error: unknown): readonly string[] {
  const problems = error instanceof Error ? listedProblems(error) : [];
  if (problems.length < 2 || SELF_EXPLAINING.has(codeOf(error) ?? "")) return [];
  return problems.map(({ pointer, detail }) => `  ${pointer} ${detail}`);
}

/** Whether something is wrong that is no mistake of this program. */
export function isExpected(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error instanceof CliError || OWN_ERRORS.has(error.name) || "syscall" in error;
}

async function hintOf(error: unknown, code: string | null): Promise<string | null> {
  if (error instanceof CliError) return error.hint;
  const saysItAll =
    code === null || SELF_EXPLAINING.has(code) || /millrace \w/u.test(reasonOf(error));
  if (saysItAll) return null;
  const known = HINTS[code];
  if (known !== undefined) return known;
  const { MillraceError, ERRORS } = await import("@millrace/engine");
  return error instanceof MillraceError ? ERRORS[error.code].action : null;
}

function indented(text: string | null): readonly string[] {
  return text === null ? [] : [`  ${text}`];
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\ncaused by ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
