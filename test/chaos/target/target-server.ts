/**
 * A scripted HTTP API that writes down by itself what arrived and how it ended. It owns its connections and its
 * effects.
 *
 * T1: a call's arrival is written before its end. T2: each arrival gets one end, `answer` or `broken`; an answer is
 * written down before its first byte leaves, so that what follows from it comes later in every log.
 */
import { hash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { ReceiveLine } from "../../checker/history.ts";
import type { SeededRandom } from "../../support/seeded-random.ts";
import type { LineFile } from "../record/line-file.ts";
import { runNow } from "../record/run-clock.ts";
import { planCall, type CallEnd, type TargetScript } from "./target-script.ts";

/** A line of the target's own log. */
export interface RawReceiveLine extends ReceiveLine {
  /** Port of the caller's end of the connection. */
  readonly connection: number;
}

interface TargetServerOptions {
  readonly target: string;
  readonly log: LineFile;
  readonly script: TargetScript;
  readonly random: SeededRandom;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Who calls. */
  readonly process: string;
}

interface Call {
  readonly response: ServerResponse;
  readonly identity: Omit<RawReceiveLine, "at" | "ev">;
  end: CallEnd | null;
  isEnded: boolean;
}

/** One target, with a port for each process that calls it: so it can tell whose call it was. */
export class TargetServer {
  readonly #options: TargetServerOptions;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  #script: TargetScript;
  #arrivals = 0;
  readonly #openOf = new Map<string, number>();

  constructor(options: TargetServerOptions) {
    this.#options = options;
    this.#script = options.script;
  }

  /** Listens on loopback for the calls of one process; resolves to the port. */
  async listenFor(process: string): Promise<number> {
    const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, (request, reply) =>
      this.#receive({ request, response: reply, process }),
    );
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    this.#servers.push(server);
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- it listens on a port
    return (server.address() as AddressInfo).port;
  }

  /** Calls that arrive from now on follow this script. */
  follow(script: TargetScript): void {
    this.#script = script;
  }

  /** Calls that have arrived and not ended, by the process that calls. */
  get openOf(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#openOf);
  }

  /** Cuts what is open and stops listening. */
  async close(): Promise<void> {
    const closed = this.#servers.map(
      (server) => new Promise<void>((resolve) => server.close(() => resolve())),
    );
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }

  #receive(exchange: Exchange): void {
    const chunks: Buffer[] = [];
    exchange.request.on("data", (chunk: Buffer) => chunks.push(chunk));
    exchange.request.on("end", () => this.#arrive(exchange, Buffer.concat(chunks)));
  }

  #arrive({ request, response, process }: Exchange, body: Buffer): void {
    this.#arrivals += 1;
    this.#countOpen(process, 1);
    const identity = {
      h: "recv" as const,
      target: this.#options.target,
      arrival: this.#arrivals,
      ...positionOf(header(request, "millrace-position")),
      idempotencyKey: header(request, "idempotency-key") ?? "",
      bodySha: hash("sha256", body),
      job: header(request, "millrace-replay"),
      process,
      connection: request.socket.remotePort ?? 0,
    };
    const call: Call = { response, identity, end: null, isEnded: false };
    this.#write(call, "arrive", {});
    response.once("close", () => {
      if (!call.isEnded) this.#break(call);
    });
    const { delayMs, end } = planCall(this.#script, keyOf(body), this.#options.random);
    call.end = end;
    setTimeout(() => this.#finish(call, end), delayMs);
  }

  #finish(call: Call, end: CallEnd): void {
    if (call.isEnded) return;
    switch (end.kind) {
      case "apply":
        this.#answer(call, 200, null);
        return;
      case "status":
        this.#answer(call, end.status, end.retryAfterSeconds);
        return;
      case "hang":
        setTimeout(() => {
          if (!call.isEnded) this.#answer(call, 200, null);
        }, end.ms);
        return;
      case "reset":
        if (end.when === "during") this.#answerHalf(call);
        else this.#break(call);
        call.response.socket?.resetAndDestroy();
    }
  }

  #answer(call: Call, status: number, retryAfterSeconds: number | null): void {
    const isApplied = status < 300;
    const retryAfterMs = retryAfterSeconds === null ? null : retryAfterSeconds * 1_000;
    this.#endWith(call);
    this.#write(call, "answer", { status, retryAfterMs, isWhole: true, isApplied });
    const body = `{"status":${status}}`;
    call.response.writeHead(status, {
      "content-type": "application/json",
      "content-length": body.length,
      ...(retryAfterSeconds === null ? {} : { "retry-after": String(retryAfterSeconds) }),
    });
    call.response.end(body);
  }

  #answerHalf(call: Call): void {
    this.#endWith(call);
    const ended = { status: 200, retryAfterMs: null, isWhole: false, isApplied: true };
    this.#write(call, "answer", ended);
    call.response.writeHead(200, { "content-type": "application/json", "content-length": 64 });
    call.response.write('{"status":');
  }

  /** The connection went, by the target's will or the caller's; an API does its work all the same. */
  #break(call: Call): void {
    const { end } = call;
    const isApplied = end === null ? false : isWork(end);
    this.#endWith(call);
    this.#write(call, "broken", { isApplied });
  }

  #endWith(call: Call): void {
    call.isEnded = true;
    this.#countOpen(call.identity.process ?? "", -1);
  }

  #countOpen(process: string, by: 1 | -1): void {
    this.#openOf.set(process, (this.#openOf.get(process) ?? 0) + by);
  }

  #write({ identity }: Call, ev: ReceiveLine["ev"], fields: Partial<ReceiveLine>): void {
    const line: RawReceiveLine = { ...identity, at: runNow(), ev, ...fields };
    this.#options.log.append(line);
  }
}

function isWork(end: CallEnd): boolean {
  if (end.kind === "reset") return end.when !== "before";
  return end.kind !== "status";
}

function header(request: IncomingMessage, name: string): string | null {
  const value = request.headers[name];
  return typeof value === "string" ? value : null;
}

/** Reads `<topic>/<partition>/<offset>`. A call without it has none: no promise of ours covers it. */
function positionOf(text: string | null): {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
} {
  const [, topic = "", partition = "-1", offset = "-1"] =
    /^(.+)\/(\d+)\/(\d+)$/u.exec(text ?? "") ?? [];
  return { topic, partition: Number(partition), offset: Number(offset) };
}

function keyOf(body: Buffer): string | null {
  const [, key = null] = /"userId":"([^"]*)"/u.exec(body.toString("latin1")) ?? [];
  return key;
}
