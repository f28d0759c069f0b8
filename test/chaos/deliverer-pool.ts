/**
 * The delivery processes of a run: started the way a user starts them, each with ports of its own at every target, ended
 * by their pids. It owns them; what is done to them is written down.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, type Guard } from "@millrace/local";
import { metricSum } from "../support/metric-sum.ts";
import { startMillrace, untilAnswers, type MillraceProcess } from "../support/millrace-process.ts";
import type { OperationsLog } from "./record/operations-log.ts";

/** Time from SIGTERM to exit, seconds. */
export const GRACE_SECONDS = 20;

/** One delivery process. */
export interface Deliverer {
  /** `deliver-1`, ...: never given twice in a run. */
  readonly name: string;
  readonly process: MillraceProcess;
  readonly adminUrl: string;
  isStopped: boolean;
}

/** What the pool starts processes with. */
export interface PoolOptions {
  readonly folder: string;
  readonly configPath: string;
  readonly guard: Guard;
  readonly operations: OperationsLog;
  /** The environment that leads a process of this name to its own ports. */
  readonly environmentFor: (name: string) => Promise<NodeJS.ProcessEnv>;
  /** A process ended that nobody ended. */
  readonly onCrash: (error: Error) => void;
}

/** Starts and ends delivery processes. */
export class DelivererPool {
  readonly #options: PoolOptions;
  readonly #running: Deliverer[] = [];
  readonly #ended: Deliverer[] = [];
  /** Those that were told to end. */
  readonly #told = new Set<Deliverer>();

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Those that run, the oldest first. */
  get running(): readonly Deliverer[] {
    return this.#running;
  }

  /** All that ever ran. */
  get all(): readonly Deliverer[] {
    return [...this.#ended, ...this.#running];
  }

  /** Starts one; resolves when it lives, not when it delivers. */
  async start(): Promise<Deliverer> {
    const { folder, configPath, guard, operations, environmentFor } = this.#options;
    const name = `deliver-${this.#ended.length + this.#running.length + 1}`;
    const port = await freePort();
    const env = await environmentFor(name);
    const flags = ["--admin-port", String(port), "--grace", String(GRACE_SECONDS)];
    const process = startMillrace(["deliver", "-c", configPath, ...flags], { folder, name, env });
    guard.watch(process);
    const adminUrl = `http://127.0.0.1:${port}`;
    const deliverer: Deliverer = { name, process, adminUrl, isStopped: false };
    this.#running.push(deliverer);
    operations.note({ f: "start", who: name, detail: String(process.pid) });
    void this.#watch(deliverer);
    await untilAnswers(`${adminUrl}/livez`, process);
    return deliverer;
  }

  /** Resolves when it owns its share of every target. */
  async ready({ name, adminUrl, process }: Deliverer): Promise<void> {
    await untilAnswers(`${adminUrl}/readyz`, process);
    this.#options.operations.note({ f: "ready", who: name });
  }

  /** Keys that go on by themselves from the parked topic, by what the processes tell. */
  async deferredCount(): Promise<number> {
    const counts = this.#running.map(({ adminUrl }) => {
      return metricSum(adminUrl, "millrace_keys_set_aside", 'kind="deferred"');
    });
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  /** SIGKILL. */
  async kill(deliverer: Deliverer): Promise<void> {
    this.#options.operations.note({ f: "kill", who: deliverer.name });
    this.#told.add(deliverer);
    await deliverer.process.end("SIGKILL");
  }

  /** SIGTERM; resolves to the exit code. */
  async terminate(deliverer: Deliverer): Promise<number | null> {
    this.#options.operations.note({ f: "terminate", who: deliverer.name });
    this.#told.add(deliverer);
    return deliverer.process.end("SIGTERM");
  }

  /** SIGSTOP, or SIGCONT. */
  freeze(deliverer: Deliverer, how: "stop" | "continue"): void {
    this.#options.operations.note({ f: how, who: deliverer.name });
    deliverer.isStopped = how === "stop";
    deliverer.process.signal(how === "stop" ? "SIGSTOP" : "SIGCONT");
  }

  /** Ends all that run, in order. */
  async end(): Promise<void> {
    await Promise.all(
      [...this.#running].map(async (deliverer) => {
        if (deliverer.isStopped) this.freeze(deliverer, "continue");
        await this.terminate(deliverer);
      }),
    );
  }

  async #watch(deliverer: Deliverer): Promise<void> {
    const code = await deliverer.process.ended();
    const wasTold = this.#told.has(deliverer);
    this.#options.operations.note({
      f: wasTold ? "exit" : "crash",
      who: deliverer.name,
      detail: String(code),
    });
    this.#running.splice(this.#running.indexOf(deliverer), 1);
    this.#ended.push(deliverer);
    if (wasTold) return;
    const printed = deliverer.process.output().trimEnd().split("\n").slice(-5).join("\n");
    this.#options.onCrash(new Error(`${deliverer.name} ended with ${code}:\n${printed}`));
  }
}

/** A line of a process's own log. */
export interface ProcessLogLine {
  /** Epoch ms, whole. */
  readonly at: number;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What a delivery process logged; lines that are no JSON are left out. */
export function readProcessLog(folder: string, name: string): readonly ProcessLogLine[] {
  return readFileSync(join(folder, `${name}.out`), "utf8")
    .split("\n")
    .filter((text) => text.startsWith("{"))
    .map((text) => {
      // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the log's own form
      const { time, msg, ...fields } = JSON.parse(text) as Record<string, unknown>;
      return { at: Date.parse(String(time)), message: String(msg), fields };
    });
}
