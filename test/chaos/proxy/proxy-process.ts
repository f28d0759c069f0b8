import { fileURLToPath } from "node:url";
import { startHelper, type Watch } from "../helper-process.ts";
import type { ProxyCounts, Route } from "./fault-proxy.ts";
import type { ProxyMode } from "./proxy-mode.ts";

const ENTRY = fileURLToPath(new URL("main.ts", import.meta.url));

/** A call whose answer the proxy has seen go missing. */
export interface CutLine {
  readonly at: number;
  readonly idempotencyKey: string;
  /** Port of the proxy's connection to the target. */
  readonly connection: number;
}

/** What a proxy is told; every order is answered. */
export interface ProxyOrder {
  readonly order: number;
  readonly mode?: ProxyMode;
  readonly route?: Route;
}

/** What a proxy says. */
export type ProxyReply = "ready" | ProxyAnswer;

/** An answer. */
export interface ProxyAnswer {
  readonly order: number;
  readonly at: number;
  readonly counts: ProxyCounts;
  /** With `route`. */
  readonly port: number | null;
}

/** A proxy that runs as its own process, so that its event loop is nobody else's. */
export interface Proxy {
  /** Opens a port for what goes to another one. */
  route(route: Route): Promise<number>;
  /** Takes up a mode; resolves to what was disturbed in the one before. */
  behave(mode: ProxyMode): Promise<ProxyCounts>;
  stop(): Promise<void>;
}

/** Starts a proxy; calls it breaks are appended to `logPath`. It ends with this process. */
export async function startProxy(
  { logPath, seed }: { readonly logPath: string; readonly seed: number },
  watch: Watch,
): Promise<Proxy> {
  const helper = await startHelper<ProxyOrder, ProxyAnswer>(
    { entry: ENTRY, args: [logPath, String(seed)] },
    watch,
  );
  return {
    async route(route) {
      const { port } = await helper.tell({ route });
      if (port === null) throw new Error("the proxy opened no port");
      return port;
    },
    async behave(mode) {
      const { counts } = await helper.tell({ mode });
      return counts;
    },
    stop: () => helper.stop(),
  };
}
