/**
 * A TCP proxy between a caller and a server on this machine that does what a bad network does. It owns its pairs of
 * sockets; which call was broken by it, it writes down (`onCut`), for neither side can know.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { SeededRandom } from "../../support/seeded-random.ts";
import { AnswerTracker } from "./answer-tracker.ts";
import type { ProxyMode } from "./proxy-mode.ts";

interface FaultProxyOptions {
  readonly random: SeededRandom;
  /** A connection, whose port at the server is named, went while the answer to this call had not passed whole. */
  readonly onCut: (idempotencyKey: string, connection: number) => void;
}

/** What a proxy has done since it was asked last. */
export interface ProxyCounts {
  readonly connections: number;
  /** Connections that a fault has reset, or whose bytes it has swallowed. */
  readonly disturbed: number;
}

/** From a port of the proxy to one of a server on this machine. */
export interface Route {
  readonly port: number;
  readonly behind: number;
}

interface Pair {
  readonly caller: Socket;
  readonly server: Socket;
  readonly tracker: AnswerTracker;
  /** Local port of `server`; 0 before it is connected. */
  connection: number;
  /** Ends the delays of what is still to be passed on. */
  readonly timers: Set<NodeJS.Timeout>;
  isDeaf: boolean;
  isOver: boolean;
}

/** One stretch of network, with a port for each port behind it. */
export class FaultProxy {
  readonly #options: FaultProxyOptions;
  readonly #servers: Server[] = [];
  readonly #pairs = new Set<Pair>();
  #mode: ProxyMode = { kind: "pass" };
  #disturbed = 0;

  constructor(options: FaultProxyOptions) {
    this.#options = options;
  }

  /** Listens on loopback (0: any port) for what goes to `behind`; resolves to the port. */
  async listen({ port, behind }: Route): Promise<number> {
    const server = createServer({ noDelay: true }, (caller) => this.#take(caller, behind));
    this.#servers.push(server);
    await new Promise<void>((resolve) => {
      server.listen(port, "127.0.0.1", resolve);
    });
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- it listens on a port
    return (server.address() as AddressInfo).port;
  }

  /** From now on. What a half-open network has swallowed stays lost: its connections are reset when it heals. */
  behave(mode: ProxyMode): void {
    this.#mode = mode;
    for (const pair of this.#pairs) {
      if (mode.kind === "refuse" || (pair.isDeaf && mode.kind !== "half-open")) this.#reset(pair);
      else if (mode.kind === "half-open") this.#deafen(pair);
    }
  }

  counts(): ProxyCounts {
    const counts = { connections: this.#pairs.size, disturbed: this.#disturbed };
    this.#disturbed = 0;
    return counts;
  }

  /** Ends all connections and stops listening. */
  close(): void {
    for (const server of this.#servers) server.close();
    for (const pair of this.#pairs) this.#end(pair);
  }

  #take(caller: Socket, behind: number): void {
    if (this.#mode.kind === "refuse") {
      this.#disturbed += 1;
      caller.on("error", () => undefined).resetAndDestroy();
      return;
    }
    const server = connect({ port: behind, host: "127.0.0.1", noDelay: true });
    const tracker = new AnswerTracker();
    const pair = { caller, server, tracker, timers: new Set<NodeJS.Timeout>() };
    const open: Pair = { ...pair, connection: 0, isDeaf: false, isOver: false };
    server.once("connect", () => (open.connection = server.localPort ?? 0));
    this.#pairs.add(open);
    caller.on("data", (chunk: Buffer) => this.#fromCaller(open, chunk));
    server.on("data", (chunk: Buffer) => this.#fromServer(open, chunk));
    for (const socket of [caller, server]) {
      socket.on("error", () => undefined);
      socket.on("close", () => {
        if (open.isDeaf) this.#noteCut(open);
        else this.#end(open);
      });
    }
    if (this.#mode.kind === "half-open") this.#deafen(open);
  }

  #fromCaller(pair: Pair, chunk: Buffer): void {
    if (pair.isDeaf) return;
    pair.tracker.asked(chunk);
    this.#later(pair, () => pass(chunk, { from: pair.caller, to: pair.server }));
  }

  #fromServer(pair: Pair, chunk: Buffer): void {
    if (pair.isDeaf) return;
    const mode = this.#mode;
    if (mode.kind === "reset" && this.#options.random.next() < mode.share) {
      const half = chunk.subarray(0, Math.floor(chunk.length / 2));
      pair.caller.write(half, () => this.#reset(pair));
      return;
    }
    if (mode.kind === "drip") {
      this.#disturbed += 1;
      this.#drip(pair, chunk, mode.everyMs);
      return;
    }
    this.#later(pair, () => {
      pass(chunk, { from: pair.server, to: pair.caller });
      pair.tracker.answered(chunk);
    });
  }

  #later(pair: Pair, doIt: () => void): void {
    const mode = this.#mode;
    if (mode.kind !== "latency") {
      doIt();
      return;
    }
    // Timers of one duration fire in order; the jitter is the connection's, not the chunk's.
    const ms = mode.ms + ((pair.caller.remotePort ?? 0) % (mode.jitterMs + 1));
    this.#after(pair, ms, doIt);
  }

  #drip(pair: Pair, chunk: Buffer, everyMs: number): void {
    if (pair.isOver || chunk.length === 0) return;
    const byte = chunk.subarray(0, 1);
    pair.caller.write(byte);
    pair.tracker.answered(byte);
    this.#after(pair, everyMs, () => this.#drip(pair, chunk.subarray(1), everyMs));
  }

  #after(pair: Pair, ms: number, doIt: () => void): void {
    const timer = setTimeout(() => {
      pair.timers.delete(timer);
      if (!pair.isOver) doIt();
    }, ms);
    pair.timers.add(timer);
  }

  #deafen(pair: Pair): void {
    if (!pair.isDeaf) this.#disturbed += 1;
    pair.isDeaf = true;
  }

  #reset(pair: Pair): void {
    this.#disturbed += 1;
    pair.caller.resetAndDestroy();
    pair.server.resetAndDestroy();
    this.#end(pair);
  }

  #end(pair: Pair): void {
    if (pair.isOver) return;
    pair.isOver = true;
    this.#pairs.delete(pair);
    for (const timer of pair.timers) clearTimeout(timer);
    this.#noteCut(pair);
    pair.caller.destroy();
    pair.server.destroy();
  }

  #noteCut({ tracker, connection }: Pair): void {
    const key = tracker.end();
    if (key !== null) this.#options.onCut(key, connection);
  }
}

/** Passes bytes on; the source waits while the sink is full. */
function pass(chunk: Buffer, { from, to }: { readonly from: Socket; readonly to: Socket }): void {
  if (to.write(chunk)) return;
  from.pause();
  to.once("drain", () => from.resume());
}
