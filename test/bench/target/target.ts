/** The target of the benchmark, as a process of its own: see `test/bench/go/target`. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** What the target does in a run. */
export interface TargetScript {
  /** From a request to its answer, ms. */
  readonly latencyMs: number;
  readonly events: number;
  readonly users: number;
  /** A user whose calls take their own time. */
  readonly slow?: { readonly user: number; readonly latencyMs: number };
  /** A user whose calls are all answered 422. */
  readonly rejected?: number;
}

/** Percentiles of delays, ms. */
export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** What has arrived since the run began. */
export interface TargetReport {
  /** Events that arrived at least once. */
  readonly count: number;
  readonly repeats: number;
  /** Events that came before one that precedes them in their key, or after one that follows. */
  readonly disordered: number;
  /** Requests that were answered 422; they count as nothing else. */
  readonly refused: number;
  /** Requests that named no event of the run. */
  readonly malformed: number;
  readonly inFlightMax: number;
  /** Of first arrivals, epoch ms; 0 for none. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** From when an event was to be sent until it arrived; null where events do not say. */
  readonly latenciesMs: Percentiles | null;
}

/** A running target. */
export class BenchTarget {
  /** Where events are posted. */
  readonly url: string;
  readonly #control: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, { url, control }: { url: string; control: string }) {
    this.#child = child;
    this.url = `${url}/v1/events`;
    this.#control = control;
  }

  /** Starts the program that was built. @throws Error when it ends at once. */
  static async start(program: string): Promise<BenchTarget> {
    const child = spawn(program, [], { stdio: ["pipe", "pipe", "inherit"] });
    const lines: readonly unknown[] = await Promise.race([
      once(createInterface({ input: child.stdout }), "line"),
      once(child, "exit").then(() => Promise.reject(new Error("the target ended at once"))),
    ]);
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- its first line
    return new BenchTarget(child, JSON.parse(String(lines[0])) as { url: string; control: string });
  }

  /** Forgets what arrived, and begins a run. */
  async begin(script: TargetScript): Promise<void> {
    const body = JSON.stringify(script);
    const answer = await fetch(`${this.#control}/run`, { method: "POST", body });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`the target refused a run: ${answer.status}`);
  }

  /** What has arrived since. */
  async report(): Promise<TargetReport> {
    const answer = await fetch(`${this.#control}/report`);
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the target's own format
    return (await answer.json()) as TargetReport;
  }

  /** Ends it. */
  async stop(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.stdin?.end();
    await ended;
  }
}
