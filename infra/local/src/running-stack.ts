import type { Guard } from "./guard-process.ts";
import { removeState, writeState, type StackState } from "./home.ts";
import { isRunning } from "./known-process.ts";
import type { Servers } from "./plan.ts";
import { CCOMPAT } from "./registry-server.ts";
import type { Server } from "./server.ts";

/** A running stack. */
export interface Stack {
  readonly state: StackState;
  /** False when both servers ran already. */
  readonly isStarted: boolean;
  /** Stops what this call started, and nothing else. Idempotent. */
  stop(): Promise<void>;
  /** Ends the broker only: `SIGKILL` as a crash, `SIGTERM` in order. Refused where this call did not start it. */
  stopKafka(how: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Starts the broker again, on the same port and data. */
  startKafka(): Promise<void>;
  stopRegistry(how: "SIGTERM" | "SIGKILL"): Promise<void>;
  startRegistry(): Promise<void>;
}

/** What a stack runs on. */
export interface RunningStackParts {
  readonly home: string;
  readonly servers: Servers;
  /** Where everything shall be gone when this process ends. */
  readonly guard: Guard | null;
}

/** A stack whose servers were started here, or found: it ends only the former. The state file follows each change. */
export class RunningStack implements Stack {
  readonly #home: string;
  readonly #kafka: Server;
  readonly #registry: Server;
  readonly #guard: Guard | null;

  constructor({ home, servers, guard }: RunningStackParts) {
    this.#home = home;
    this.#kafka = servers.kafka;
    this.#registry = servers.registry;
    this.#guard = guard;
  }

  get isStarted(): boolean {
    return this.#kafka.isOurs || this.#registry.isOurs;
  }

  get state(): StackState {
    return {
      version: 1,
      brokers: [`127.0.0.1:${this.#kafka.port}`],
      registryUrl: `http://127.0.0.1:${this.#registry.port}${CCOMPAT}`,
      kafka: this.#kafka.state,
      registry: this.#registry.state,
      dataDir: `${this.#home}/data`,
    };
  }

  /** @throws StackError `START_FAILED`; what was started is stopped then. */
  async start(signal?: AbortSignal): Promise<this> {
    const servers = [this.#kafka, this.#registry];
    const starts = servers.map((server) => this.#startOne(server, signal));
    const ends = await Promise.allSettled(starts);
    const failed = ends.find((end) => end.status === "rejected");
    if (failed === undefined) return this;
    await this.stop();
    throw failed.reason;
  }

  async stop(): Promise<void> {
    const ours = [this.#kafka, this.#registry].filter(({ isOurs }) => isOurs);
    await Promise.all(ours.map((server) => server.end("SIGTERM")));
    if (ours.length > 0) this.#record();
    await this.#guard?.end();
  }

  stopKafka(how: "SIGTERM" | "SIGKILL"): Promise<void> {
    return this.#stopOne(this.#kafka, how);
  }

  startKafka(): Promise<void> {
    return this.#startOne(this.#kafka);
  }

  stopRegistry(how: "SIGTERM" | "SIGKILL"): Promise<void> {
    return this.#stopOne(this.#registry, how);
  }

  startRegistry(): Promise<void> {
    return this.#startOne(this.#registry);
  }

  async #stopOne(server: Server, how: "SIGTERM" | "SIGKILL"): Promise<void> {
    if (!server.isOurs)
      throw new Error("this server was not started here: stop it with millrace down");
    await server.end(how);
    this.#record();
  }

  async #startOne(server: Server, signal?: AbortSignal): Promise<void> {
    await server.start((known) => {
      this.#guard?.watch(known);
      this.#record();
    }, signal);
  }

  /** On record at once, before a server is ready: whoever comes after a kill finds its process. */
  #record(): void {
    const { kafka, registry } = this.state;
    if (isRunning(kafka) || isRunning(registry)) writeState(this.#home, this.state);
    else removeState(this.#home);
  }
}
