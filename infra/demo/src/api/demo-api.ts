import type { Server } from "node:http";
import { HEALTHY, readScript, type ApiScript } from "./api-script.ts";
import { openArrivalLog } from "./arrival-log.ts";
import { createControlServer } from "./control-server.ts";
import type { KeyLocation } from "./key-of-call.ts";
import { seededRandom } from "./random.ts";
import { TargetServer, type DemoApiReport } from "./target-server.ts";

/** How a demo API is started. */
export interface DemoApiOptions {
  readonly name: string;
  /** File the arrivals are appended to, NDJSON of `ArrivalLogLine`. */
  readonly logPath: string;
  /** Where calls carry the key that their order is kept by. */
  readonly keyIn: KeyLocation;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Default 0: a free one. */
  readonly controlPort?: number;
  /** What it does at first. Default: healthy, answers at once. */
  readonly script?: Partial<ApiScript>;
  /** Seed of latencies and faults. Default 1. */
  readonly seed?: number;
}

/** A running demo API. */
export interface DemoApi {
  readonly name: string;
  /** Origin of the API, without a trailing slash. */
  readonly url: string;
  readonly controlUrl: string;
  /** Replaces the script; what is left out is healthy. @throws RangeError when the script is wrong. */
  script(script: Partial<ApiScript>): Promise<void>;
  /** Refuses connections from now on for `ms`; open calls are cut. Resolves when it is down. */
  outage(ms: number): Promise<void>;
  report(): Promise<DemoApiReport>;
  /** Stops it; the log is complete then. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts a demo API in this process; several may run in one.
 * @throws Error `EADDRINUSE` when a port is taken, `ENOENT` when the log's folder is missing.
 */
export async function startDemoApi(options: DemoApiOptions): Promise<DemoApi> {
  const log = openArrivalLog(options.logPath);
  const host = options.host ?? "127.0.0.1";
  const target = new TargetServer({
    name: options.name,
    host,
    log,
    keyIn: options.keyIn,
    script: { ...HEALTHY, ...options.script },
    random: seededRandom(options.seed ?? 1),
  });
  const port = await target.listen(options.port ?? 0);
  const control = createControlServer(target);
  const controlPort = await listen(control, { host, port: options.controlPort ?? 0 });
  return {
    name: options.name,
    url: `http://127.0.0.1:${port}`,
    controlUrl: `http://127.0.0.1:${controlPort}`,
    // eslint-disable-next-line @typescript-eslint/require-await -- a wrong script rejects, as over the control port
    script: async (script) => target.follow(readScript(script)),
    outage(ms) {
      target.goDown(ms);
      return Promise.resolve();
    },
    report: () => Promise.resolve(target.report()),
    async stop() {
      await target.close();
      control.closeAllConnections();
      control.close();
      log.close();
    },
  };
}

function listen(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}
