import { fileURLToPath } from "node:url";
import { startHelper, type Watch } from "../helper-process.ts";
import type { TargetScript } from "./target-script.ts";
import type { TargetCounts } from "./target-server.ts";

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

/** An answer. */
export interface TargetAnswer {
  readonly order: number;
  /** When the order was taken up, epoch ms. */
  readonly at: number;
  readonly counts: TargetCounts;
  /** Longest time its event loop stood still since the last order, ms. */
  readonly stallMsMax: number;
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
  report(): Promise<TargetCounts & { readonly stallMsMax: number }>;
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
    async report() {
      const { counts, stallMsMax } = await helper.tell({});
      return { ...counts, stallMsMax };
    },
    stop: () => helper.stop(),
  };
}
