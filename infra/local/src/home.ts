/** Where the stack's data, logs and state file are, and what the state file says. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const FOLDER = ".millrace";
const STATE_FILE = "stack.json";

/** One server of the running stack. */
export interface ServerState {
  readonly pid: number;
  /** Start time of the process as its system tells it, so that a recycled pid is never taken for it. */
  readonly startedAt: string;
  readonly port: number;
  readonly log: string;
}

/** The running stack, as its state file tells it. */
export interface StackState {
  readonly version: 1;
  readonly brokers: readonly string[];
  /** Ends in `/apis/ccompat/v7`. */
  readonly registryUrl: string;
  readonly kafka: ServerState;
  readonly registry: ServerState;
  readonly dataDir: string;
}

/**
 * The folder of data, logs and state: `MILLRACE_HOME`, else the nearest `.millrace` upward, else beside the nearest
 * `.git`, else in the current folder.
 */
export function findHome(from = process.cwd(), env: NodeJS.ProcessEnv = process.env): string {
  const own = env["MILLRACE_HOME"];
  if (own !== undefined && own !== "") return resolve(own);
  const known = upward(from, (folder) => existsSync(join(folder, FOLDER)));
  const root = known ?? upward(from, (folder) => existsSync(join(folder, ".git"))) ?? from;
  return join(root, FOLDER);
}

/** What the state file says, or null where there is none that can be read. */
export function readState(home: string): StackState | null {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(home, STATE_FILE), "utf8"));
    return isStackState(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

/** Writes the state file, whole or not at all. */
export function writeState(home: string, state: StackState): void {
  mkdirSync(home, { recursive: true });
  const path = join(home, STATE_FILE);
  writeFileSync(`${path}.part`, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(`${path}.part`, path);
}

/** Forgets the stack. */
export function removeState(home: string): void {
  rmSync(join(home, STATE_FILE), { force: true });
}

function upward(from: string, holds: (folder: string) => boolean): string | null {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (holds(folder)) return folder;
    if (dirname(folder) === folder) return null;
  }
}

function isStackState(value: unknown): value is StackState {
  if (typeof value !== "object" || value === null) return false;
  const state = value as Partial<Record<keyof StackState, unknown>>;
  const isServer = (server: unknown): boolean =>
    typeof server === "object" &&
    server !== null &&
    ["pid", "startedAt", "port", "log"].every((field) => field in server);
  return (
    state.version === 1 &&
    Array.isArray(state.brokers) &&
    typeof state.registryUrl === "string" &&
    isServer(state.kafka) &&
    isServer(state.registry)
  );
}
