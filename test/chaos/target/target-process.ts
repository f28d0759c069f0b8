import { fileURLToPath } from "node:url";
import { startHelper, type Watch } from "../helper-process.ts";
import type { Stall } from "../stall-watch.ts";
import type { TargetScript } from "./target-script.ts";

const ENTRY = fileURLToPath(new URL("main.ts", import.meta.url));

/** What a target is told; every order is answered. */
export interface TargetOrder {
  readonly order: number;
  readonly script?: TargetScript;
  /** A process that will call: it gets a port of its own. */
  readonly listenFor?: string;
}

/** What a target says: that it is ready, then an answer to each order. */
export type TargetReply = "ready" | TargetAnswer;

/** What a target tells of itself. */
export interface TargetReport {
  /** Calls that have arrived and not ended, by the process that calls. */
  readonly openOf: Readonly<Record<string, number>>;
  /** The longest time that its event loop has stood still. */
  readonly stall: Stall;
}

/** An answer. */
export interface TargetAnswer extends TargetReport {
  readonly order: number;
  /** When the order was taken up, epoch ms. */
  readonly at: number;
  /** With `listenFor`. */
  readonly port: number | null;
}

/** A target that runs as its own process. */
export interface Target {
  readonly name: string;
  /** Opens a port for the calls of one process. */
  listenFor(process: string): Promise<number>;
  /** Calls that arrive after this resolves follow the script. */
  script(script: TargetScript): Promise<void>;
  report(): Promise<TargetReport>;
  stop(): Promise<void>;
}

/** Starts a target; it appends to `logPath` and ends with this process. */
export async function startTarget(
  options: { readonly name: string; readonly logPath: string; readonly seed: number },
  watch: Watch,
): Promise<Target> {
  const { name, logPath, seed } = options;
  const helper = await startHelper<TargetOrder, TargetAnswer>(
    { entry: ENTRY, args: [name, logPath, String(seed)] },
    watch,
  );
  return {
    name,
    async listenFor(process) {
      const { port } = await helper.tell({ listenFor: process });
      if (port === null) throw new Error(`target ${name} opened no port`);
      return port;
    },
    async script(script) {
      await helper.tell({ script });
    },
    report: () => helper.tell({}),
    stop: () => helper.stop(),
  };
}
