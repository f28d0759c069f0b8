/** The stack: one broker and one registry, started together, reused when they run, stopped by whoever asks. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertDiskSpace, fetchDistribution, type Distribution } from "./distribution.ts";
import { findHome, readState, removeState, writeState, type StackState } from "./home.ts";
import { answersApiVersions, prepareBroker } from "./kafka-server.ts";
import { withLock } from "./lock.ts";
import { choosePort, freePort } from "./port.ts";
import { CCOMPAT, listsSubjects, prepareRegistry } from "./registry-server.ts";
import {
  isRunning,
  killServer,
  startServer,
  stopServer,
  waitReady,
  type KnownProcess,
  type ServerCommand,
} from "./server-process.ts";

const KAFKA_PORT = 9_092;
const REGISTRY_PORT = 8_081;

/** How to start a stack. */
export interface StackOptions {
  /** Folder of data, logs and state; default: see `findHome`. */
  readonly home?: string;
  /** Demanded ports; default: 9092 and 8081, or free ones where these are taken. */
  readonly kafkaPort?: number;
  readonly registryPort?: number;
  /** For tests: free ports, data in a temporary folder that `stop` deletes, gone with this process's group. */
  readonly ephemeral?: boolean;
  readonly onProgress?: (message: string) => void;
}

/** A running stack. */
export interface Stack {
  readonly state: StackState;
  /** False when it ran already. */
  readonly isStarted: boolean;
  /** Stops it if this call started it. */
  stop(): Promise<void>;
  /** Ends the broker only: `SIGKILL` as a crash, `SIGTERM` in order. */
  stopKafka(how: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Starts the broker again, on the same port and data. */
  startKafka(): Promise<void>;
  stopRegistry(how: "SIGTERM" | "SIGKILL"): Promise<void>;
  startRegistry(): Promise<void>;
}

/** Whether each server answers. */
export interface StackStatus {
  readonly kafka: "up" | "down";
  readonly registry: "up" | "down";
  readonly state: StackState | null;
}

interface Plan {
  readonly kafka: ServerCommand;
  readonly registry: ServerCommand;
  readonly kafkaPort: number;
  readonly registryPort: number;
  readonly dataDir: string;
}

/**
 * Starts both servers, or finds them running. Idempotent.
 * @throws StackError with what is missing and what to do.
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const isEphemeral = options.ephemeral === true;
  const home = isEphemeral
    ? await mkdtemp(join(tmpdir(), "millrace-stack-"))
    : (options.home ?? findHome());
  await mkdir(home, { recursive: true });
  return withLock(join(home, "stack.lock"), async () => {
    const running = await reuse(home);
    if (running !== null) return runningStack(home, running);
    const progress = options.onProgress ?? (() => undefined);
    await assertDiskSpace(home);
    const distribution = await fetchDistribution(progress);
    const plan = await makePlan(home, distribution, options);
    progress("starting Kafka and the schema registry");
    return new StartedStack(home, plan, isEphemeral).start();
  });
}

/** Stops what the state file names; false when nothing ran. */
export async function stopStack(options: { readonly home?: string } = {}): Promise<boolean> {
  const home = options.home ?? findHome();
  const state = readState(home);
  if (state === null) return false;
  const wasRunning = isRunning(state.kafka) || isRunning(state.registry);
  await Promise.all([stopServer(state.kafka), stopServer(state.registry)]);
  await removeState(home);
  return wasRunning;
}

/** Asks both servers. */
export async function stackStatus(options: { readonly home?: string } = {}): Promise<StackStatus> {
  const state = readState(options.home ?? findHome());
  if (state === null) return { kafka: "down", registry: "down", state };
  const [kafka, registry] = await Promise.all([
    isRunning(state.kafka) && answersApiVersions(state.kafka.port),
    isRunning(state.registry) && listsSubjects(state.registry.port),
  ]);
  return { kafka: kafka ? "up" : "down", registry: registry ? "up" : "down", state };
}

/** A healthy stack of this home; what is left of an unhealthy one is stopped. */
async function reuse(home: string): Promise<StackState | null> {
  const { kafka, registry, state } = await stackStatus({ home });
  if (kafka === "up" && registry === "up") return state;
  await stopStack({ home });
  return null;
}

async function makePlan(
  home: string,
  { kafka, registry }: Distribution,
  { kafkaPort, registryPort, ephemeral }: StackOptions,
): Promise<Plan> {
  const isDetached = ephemeral !== true;
  const usual = (port: number): number | null => (isDetached ? port : null);
  const broker = await choosePort("Kafka", { demanded: kafkaPort, usual: usual(KAFKA_PORT) });
  const http = await choosePort("the registry", {
    demanded: registryPort,
    usual: usual(REGISTRY_PORT),
  });
  const logs = join(home, "logs");
  const dataDir = join(home, "data");
  await mkdir(logs, { recursive: true });
  const [controllerPort, managementPort] = [await freePort(), await freePort()];
  const brokerPlan = { jars: kafka, dataDir: join(dataDir, "kafka"), log: join(logs, "kafka.log") };
  const registryLog = join(logs, "registry.log");
  const registryPlan = { folder: registry, dataDir: join(dataDir, "registry"), log: registryLog };
  return {
    kafka: await prepareBroker({ ...brokerPlan, port: broker, controllerPort, isDetached }),
    registry: await prepareRegistry({ ...registryPlan, port: http, managementPort, isDetached }),
    kafkaPort: broker,
    registryPort: http,
    dataDir,
  };
}

class StartedStack implements Stack {
  readonly isStarted = true;
  readonly #home: string;
  readonly #plan: Plan;
  readonly #isEphemeral: boolean;
  #kafka: KnownProcess | null = null;
  #registry: KnownProcess | null = null;

  constructor(home: string, plan: Plan, isEphemeral: boolean) {
    this.#home = home;
    this.#plan = plan;
    this.#isEphemeral = isEphemeral;
  }

  get state(): StackState {
    const { kafka, registry, kafkaPort, registryPort, dataDir } = this.#plan;
    const gone = { pid: 0, startedAt: "" };
    return {
      version: 1,
      brokers: [`127.0.0.1:${kafkaPort}`],
      registryUrl: `http://127.0.0.1:${registryPort}${CCOMPAT}`,
      kafka: { ...(this.#kafka ?? gone), port: kafkaPort, log: kafka.log },
      registry: { ...(this.#registry ?? gone), port: registryPort, log: registry.log },
      dataDir,
    };
  }

  async start(): Promise<this> {
    const started = await Promise.allSettled([this.startKafka(), this.startRegistry()]);
    const failed = started.find((one) => one.status === "rejected");
    if (failed === undefined) return this;
    await this.stop();
    throw failed.reason;
  }

  async stop(): Promise<void> {
    await Promise.all([this.stopKafka("SIGTERM"), this.stopRegistry("SIGTERM")]);
    await removeState(this.#home);
    if (this.#isEphemeral && existsSync(this.#home)) {
      await rm(this.#home, { recursive: true, force: true });
    }
  }

  async stopKafka(how: "SIGTERM" | "SIGKILL"): Promise<void> {
    if (this.#kafka !== null) await end(this.#kafka, how);
    this.#kafka = null;
  }

  async stopRegistry(how: "SIGTERM" | "SIGKILL"): Promise<void> {
    if (this.#registry !== null) await end(this.#registry, how);
    this.#registry = null;
  }

  async startKafka(): Promise<void> {
    const { kafka, kafkaPort } = this.#plan;
    this.#kafka = startServer(kafka);
    await waitReady({ ...kafka, ...this.#kafka }, () => answersApiVersions(kafkaPort));
    await writeState(this.#home, this.state);
  }

  async startRegistry(): Promise<void> {
    const { registry, registryPort } = this.#plan;
    this.#registry = startServer(registry);
    await waitReady({ ...registry, ...this.#registry }, () => listsSubjects(registryPort));
    await writeState(this.#home, this.state);
  }
}

function end(known: KnownProcess, how: "SIGTERM" | "SIGKILL"): Promise<void> {
  return how === "SIGTERM" ? stopServer(known) : killServer(known);
}

/** A stack that ran before: used, never stopped by whoever found it. */
function runningStack(home: string, state: StackState): Stack {
  const refuse = (): Promise<never> =>
    Promise.reject(
      new Error(`the stack of ${home} was not started here: stop it with millrace down`),
    );
  return {
    state,
    isStarted: false,
    stop: () => Promise.resolve(),
    stopKafka: refuse,
    startKafka: refuse,
    stopRegistry: refuse,
    startRegistry: refuse,
  };
}
