/** One `millrace` command line, run to its end as a user's shell would, and the folder it runs in. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { MILLRACE } from "./millrace-process.ts";

const SCHEMAS = fileURLToPath(new URL("../../schemas/", import.meta.url));

/** How a command ended and what it wrote. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a command is run. */
export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Standard input; default: empty. */
  readonly input?: string | Uint8Array;
}

/** Runs `millrace <args>`. Neither stream is a terminal. */
export async function millrace(
  args: readonly string[],
  { cwd, env = {}, input = "" }: CommandOptions = {},
): Promise<CommandResult> {
  const child = spawn(process.execPath, [MILLRACE, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdin.on("error", () => undefined).end(input);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, stdout, stderr };
}

/** The items of a JSON document, or of NDJSON. */
export function itemsOf(stdout: string): readonly Readonly<Record<string, unknown>>[] {
  const text = stdout.trim();
  const parsed: unknown =
    text.startsWith('{"apiVersion"') || text.startsWith("{\n")
      ? JSON.parse(text)
      : text
          .split("\n")
          .filter((line) => line !== "")
          .map((line): unknown => JSON.parse(line));
  const items: unknown = Array.isArray(parsed) ? parsed : Reflect.get(Object(parsed), "items");
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the command's output contract
  return items as readonly Readonly<Record<string, unknown>>[];
}

/** A folder with a configuration and a catalogue whose names nothing else has. */
export interface Project {
  readonly folder: string;
  readonly namespace: string;
  readonly users: string;
  readonly flights: string;
  readonly path: (name: string) => string;
  /** Runs a command in the folder, where `millrace.yaml` is. */
  readonly run: (args: readonly string[], options?: CommandOptions) => Promise<CommandResult>;
}

let projectCount = 0;

/** Makes a project; its folder goes with the test. */
export function createProject(): Project {
  projectCount += 1;
  const namespace = `c${Date.now().toString(36)}${process.pid.toString(36)}n${projectCount}`;
  const folder = mkdtempSync(join(tmpdir(), "millrace-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [users, flights] = [`${namespace}.users`, `${namespace}.flights`];
  const path = (name: string): string => join(folder, name);
  writeFileSync(path("catalog.yaml"), JSON.stringify(catalog(users, flights)));
  writeFileSync(path("token"), "s3cret-token-of-the-profile-api\n");
  writeFileSync(path("millrace.yaml"), configuration(namespace, users));
  const env = { MILLRACE_HOME: path(".millrace") };
  return {
    folder,
    namespace,
    users,
    flights,
    path,
    run: (args, options = {}) =>
      millrace(args, { cwd: folder, ...options, env: { ...env, ...options.env } }),
  };
}

function catalog(users: string, flights: string): object {
  const event = (type: string, topic: string): object => {
    const schema = join(SCHEMAS, `${type.replace(".", "/")}.avsc`);
    return { topic, schema, owner: "test" };
  };
  return {
    apiVersion: "millrace/v1",
    topics: {
      [users]: { partitions: 3, retention: "7d", key: "userId" },
      [flights]: { partitions: 2, retention: "forever", key: "tailNumber" },
    },
    events: {
      "users.ProfileUpdated": event("users.ProfileUpdated", users),
      "users.PasswordChanged": event("users.PasswordChanged", users),
      "flights.FlightDeparted": event("flights.FlightDeparted", flights),
    },
  };
}

function configuration(namespace: string, users: string): string {
  return `apiVersion: millrace/v1
namespace: ${namespace}
catalog: ./catalog.yaml
targets:
  profile-api:
    topics: [${users}]
    startAt: earliest
    filter: "event.type == 'users.ProfileUpdated'"
    request:
      method: PUT
      url: "http://127.0.0.1:9/v1/users/{userId}"
      params: { userId: "= event.data.userId" }
      body: { name: "= event.data.display_name", revision: "= event.data.revision" }
    auth: { type: bearer, token: "\${file:./token}" }
`;
}
