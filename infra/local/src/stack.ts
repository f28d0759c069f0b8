/** The stack: one broker and one registry, started together, reused when they run, stopped by whoever asks. */
import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assertDiskSpace } from "./disk-space.ts";
import { fetchDistribution } from "./distribution.ts";
import { startGuard } from "./guard-process.ts";
import { findHome, readState, removeState, type ServerState, type StackState } from "./home.ts";
import { findJava } from "./java.ts";
import { answersApiVersions, KAFKA_JAVA_MIN } from "./kafka-server.ts";
import { isRunning, stopProcess } from "./known-process.ts";
import { withLock } from "./lock.ts";
import {
  foundKafka,
  foundRegistry,
  planKafka,
  planRegistry,
  type LastServer,
  type Servers,
} from "./plan.ts";
import { listsSubjects, REGISTRY_JAVA_MIN } from "./registry-server.ts";
import { RunningStack, type Stack } from "./running-stack.ts";
import { isServing } from "./server.ts";
import { StackError } from "./stack-error.ts";

/** How to start a stack. */
export interface StackOptions {
  /** Folder of data, logs and state; default: see `findHome`. */
  readonly home?: string;
  /** Demanded ports; default: 9092 and 8081, or free ones where these are taken. */
  readonly kafkaPort?: number;
  readonly registryPort?: number;
  /** For tests: free ports, data in a temporary folder; all gone with `stop`, or when this process ends, however. */
  readonly ephemeral?: boolean;
  readonly onProgress?: (message: string) => void;
  /** Ends the start: what it started is stopped. */
  readonly signal?: AbortSignal;
}

/** Whether each server answers. */
export interface StackStatus {
  readonly kafka: "up" | "down";
  readonly registry: "up" | "down";
  readonly state: StackState | null;
}

/**
 * Starts both servers, or those of them that do not run. Idempotent; several processes may do it at once.
 * @throws StackError with what is missing and what to do.
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  if (options.ephemeral === true) return startEphemeral(options);
  const home = resolve(options.home ?? findHome());
  await mkdir(home, { recursive: true });
  const { signal } = options;
  const start = async (): Promise<Stack> => {
    const state = readState(home);
    const kafka = await lastServer(state?.kafka, answersApiVersions);
    const registry = await lastServer(state?.registry, listsSubjects);
    assertPort("Kafka", kafka, options.kafkaPort);
    assertPort("the schema registry", registry, options.registryPort);
    const servers = await plan({ ...options, home }, { kafka, registry });
    return new RunningStack({ home, servers, guard: null }).start(signal);
  };
  return withLock(lockOf(home), start, { signal });
}

async function startEphemeral(options: StackOptions): Promise<Stack> {
  const home = await mkdtemp(join(tmpdir(), "millrace-stack-"));
  const guard = startGuard({ folder: home });
  try {
    const servers = await plan({ ...options, home }, { kafka: null, registry: null });
    return await new RunningStack({ home, servers, guard }).start(options.signal);
  } catch (error) {
    await guard.end();
    throw error;
  }
}

/** Stops what the state file names; false when nothing ran. */
export async function stopStack(options: { readonly home?: string } = {}): Promise<boolean> {
  const home = resolve(options.home ?? findHome());
  if (readState(home) === null) return false;
  return withLock(lockOf(home), async () => {
    const state = readState(home);
    if (state === null) return false;
    const wasRunning = isRunning(state.kafka) || isRunning(state.registry);
    await Promise.all([stopProcess(state.kafka), stopProcess(state.registry)]);
    removeState(home);
    return wasRunning;
  });
}

/** Asks both servers. */
export async function stackStatus(options: { readonly home?: string } = {}): Promise<StackStatus> {
  const state = readState(resolve(options.home ?? findHome()));
  if (state === null) return { kafka: "down", registry: "down", state };
  const [kafka, registry] = await Promise.all([
    isRunning(state.kafka) && answersApiVersions(state.kafka.port),
    isRunning(state.registry) && listsSubjects(state.registry.port),
  ]);
  return { kafka: kafka ? "up" : "down", registry: registry ? "up" : "down", state };
}

/** What is left of the stack before. */
interface Leftovers {
  readonly kafka: LastServer | null;
  readonly registry: LastServer | null;
}

function lockOf(home: string): string {
  return join(home, "stack.lock");
}

async function lastServer(
  state: ServerState | undefined,
  answers: (port: number) => Promise<boolean>,
): Promise<LastServer | null> {
  return state === undefined ? null : { state, isServing: await isServing(state, answers) };
}

function assertPort(name: string, last: LastServer | null, demanded: number | undefined): void {
  if (last?.isServing !== true || demanded === undefined || last.state.port === demanded) return;
  throw new StackError("RUNS_ELSEWHERE", {
    message: `${name} runs already, on port ${last.state.port}, not ${demanded}`,
    hint: "stop the stack first (millrace down), or use that port",
  });
}

/** The servers to start. Both Javas and the files are found before anything is started. */
async function plan(
  options: StackOptions & { readonly home: string },
  { kafka, registry }: Leftovers,
): Promise<Servers> {
  if (kafka?.isServing === true && registry?.isServing === true)
    return { kafka: foundKafka(kafka.state), registry: foundRegistry(registry.state) };
  const { home, ephemeral, kafkaPort, registryPort, signal } = options;
  const onProgress = options.onProgress ?? (() => undefined);
  await assertDiskSpace(home);
  const javas = findJavas();
  const distribution = await fetchDistribution({ onProgress, signal });
  onProgress("starting Kafka and the schema registry");
  const demanded = { kafka: kafkaPort, registry: registryPort };
  const ports = ephemeral === true ? "free" : "usual";
  const planned = { home, javas, distribution, ports, demanded } as const;
  return {
    kafka: kafka?.isServing === true ? foundKafka(kafka.state) : await planKafka(planned, kafka),
    registry:
      registry?.isServing === true
        ? foundRegistry(registry.state)
        : await planRegistry(planned, registry),
  };
}

/** @throws StackError `JAVA_MISSING` or `JAVA_TOO_OLD`. */
export function findJavas(): { readonly kafka: string; readonly registry: string } {
  const broker = findJava({ neededBy: "Apache Kafka", majorMin: KAFKA_JAVA_MIN });
  const registry = findJava({ neededBy: "the schema registry", majorMin: REGISTRY_JAVA_MIN });
  return { kafka: broker.command, registry: registry.command };
}
