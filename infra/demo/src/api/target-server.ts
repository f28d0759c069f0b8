/**
 * The HTTP side of a demo API: takes calls, plans what befalls each, applies them in the ledger and writes what
 * happened to the arrival log. It owns the open calls and the listener; the counts are the ledger's.
 *
 * A1: an arrival is in the log before its answer leaves. A2: every arrival gets exactly one `ended` line, unless the
 * process is killed. A3: while down, first connections are refused one by one on record, then the port is closed.
 */
import { hash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { planCall, type ApiScript, type CallPlan } from "./api-script.ts";
import type { ArrivalLog } from "./arrival-log.ts";
import { EffectLedger, type LedgerCall, type LedgerReport } from "./effect-ledger.ts";
import { keyOfCall, type KeyLocation } from "./key-of-call.ts";
import type { Random } from "./random.ts";

/** Connections refused on record before the port is closed. */
const REFUSED_ON_RECORD = 5;

/** What a demo API counts. */
export interface DemoApiReport extends LedgerReport {
  readonly name: string;
  readonly state: "up" | "down";
  readonly arrivals: number;
  /** Answers handed to the network, by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Calls cut by the API. */
  readonly resets: number;
  /** Calls whose caller went away before the answer. */
  readonly gone: number;
  readonly refused: number;
}

interface TargetServerOptions {
  readonly name: string;
  readonly host: string;
  readonly log: ArrivalLog;
  readonly keyIn: KeyLocation;
  readonly script: ApiScript;
  readonly random: Random;
}

interface OpenCall extends LedgerCall {
  readonly seq: number;
  readonly response: ServerResponse;
  timer: NodeJS.Timeout | null;
  status: number | null;
  effect: "applied" | "repeated" | "none";
  /** How the connection left it; null while it is open. */
  end: CallEnd | null;
  /** The API has decided what becomes of it. */
  isDecided: boolean;
  /** The API resets its connection. */
  isCut: boolean;
}

type CallEnd = "answered" | "reset" | "gone";

/** One demo API on one port. */
export class TargetServer {
  readonly #options: TargetServerOptions;
  readonly #server: Server;
  readonly #ledger = new EffectLedger();
  readonly #connections = new Map<Socket, number>();
  readonly #statuses = new Map<number, number>();
  #script: ApiScript;
  #port = 0;
  #state: "up" | "down" | "closed" = "up";
  #outageEnd: NodeJS.Timeout | null = null;
  #arrivals = 0;
  #connectionCount = 0;
  #resets = 0;
  #gone = 0;
  #refused = 0;
  #refusedNow = 0;

  constructor(options: TargetServerOptions) {
    this.#options = options;
    this.#script = options.script;
    this.#server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, (request, reply) =>
      this.#receive(request, reply),
    );
    this.#server.on("connection", (socket: Socket) => this.#connected(socket));
  }

  /** Listens on its host; resolves to the port. @throws Error `EADDRINUSE`. */
  async listen(port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, this.#options.host, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    const address = this.#server.address();
    this.#port = typeof address === "object" && address !== null ? address.port : port;
    return this.#port;
  }

  follow(script: ApiScript): void {
    this.#script = script;
  }

  /** Goes down for `ms`: open calls are cut, connections refused. A second one while down prolongs it. */
  goDown(ms: number): void {
    if (this.#state === "closed") return;
    if (this.#state === "up") {
      this.#state = "down";
      this.#refusedNow = 0;
      this.#options.log.append({ t: "down", at: Date.now(), cut: this.#ledger.report().open });
      for (const socket of this.#connections.keys()) socket.resetAndDestroy();
    }
    if (this.#outageEnd !== null) clearTimeout(this.#outageEnd);
    this.#outageEnd = setTimeout(() => this.#comeUp(), ms);
  }

  report(): DemoApiReport {
    return {
      ...this.#ledger.report(),
      name: this.#options.name,
      state: this.#state === "up" ? "up" : "down",
      arrivals: this.#arrivals,
      statuses: Object.fromEntries(this.#statuses),
      resets: this.#resets,
      gone: this.#gone,
      refused: this.#refused,
    };
  }

  /** Stops listening and cuts what is open. Idempotent. */
  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    if (this.#outageEnd !== null) clearTimeout(this.#outageEnd);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#connections.keys()) socket.destroy();
    await closed;
  }

  #connected(socket: Socket): void {
    if (this.#state === "down") {
      this.#refuse(socket);
      return;
    }
    this.#connectionCount += 1;
    this.#connections.set(socket, this.#connectionCount);
    socket.once("close", () => this.#connections.delete(socket));
  }

  #refuse(socket: Socket): void {
    socket.resetAndDestroy();
    this.#refused += 1;
    this.#refusedNow += 1;
    this.#options.log.append({ t: "refused", at: Date.now() });
    if (this.#refusedNow === REFUSED_ON_RECORD) this.#server.close();
  }

  #comeUp(): void {
    this.#outageEnd = null;
    const up = (): void => {
      this.#state = "up";
      this.#options.log.append({ t: "up", at: Date.now() });
    };
    if (this.#server.listening) up();
    else this.#server.listen(this.#port, this.#options.host, up);
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const [first] = chunks;
      const body = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
      this.#arrive(request, response, body.toString("utf8"));
    });
  }

  #arrive(request: IncomingMessage, response: ServerResponse, body: string): void {
    this.#arrivals += 1;
    const path = request.url ?? "/";
    const call: OpenCall = {
      seq: this.#arrivals,
      response,
      idempotencyKey: header(request, "idempotency-key"),
      key: keyOfCall(this.#options.keyIn, path, body),
      position: header(request, "millrace-position"),
      timer: null,
      status: null,
      effect: "none",
      end: null,
      isDecided: false,
      isCut: false,
    };
    this.#options.log.append({
      t: "arrived",
      seq: call.seq,
      at: Date.now(),
      method: request.method ?? "",
      path,
      idempotencyKey: call.idempotencyKey,
      position: call.position,
      traceparent: header(request, "traceparent"),
      key: call.key,
      bodySha256: hash("sha256", body),
      body,
      connection: this.#connections.get(request.socket) ?? 0,
    });
    this.#ledger.arrive(call);
    response.once("close", () => this.#left(call));
    const plan = planCall(this.#script, call.key, this.#options.random);
    if (plan.delayMs < 1) this.#options.log.afterWrite(() => this.#finish(call, plan));
    else call.timer = setTimeout(() => this.#finish(call, plan), plan.delayMs);
  }

  /** The call's time has come: it is applied or refused, then answered, cut or left hanging. */
  #finish(call: OpenCall, { end }: CallPlan): void {
    call.isDecided = true;
    if (call.end !== null) {
      // An API does not notice that its caller went away: it does its work all the same.
      if (call.end !== "gone") return;
      if (end.kind !== "status") this.#apply(call);
      this.#record(call, call.end);
      return;
    }
    switch (end.kind) {
      case "apply":
        this.#apply(call);
        this.#answer(call);
        return;
      case "status":
        call.status = end.status;
        if (end.retryAfterSeconds !== undefined)
          call.response.setHeader("retry-after", String(end.retryAfterSeconds));
        this.#answer(call);
        return;
      case "hang":
        this.#apply(call);
        call.timer = setTimeout(() => this.#answer(call), end.ms);
        return;
      case "reset":
        if (end.when !== "before") this.#apply(call);
        this.#cut(call, end.when === "during");
    }
  }

  #apply(call: OpenCall): void {
    call.effect = this.#ledger.apply(call);
    call.status = 200;
  }

  #answer({ response, status, effect, ...call }: OpenCall): void {
    const body = JSON.stringify({ status, effect, key: call.key });
    response.writeHead(status ?? 500, {
      "x-request-id": `call-${call.seq}`,
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    });
    response.end(body);
  }

  #cut(call: OpenCall, midAnswer: boolean): void {
    call.isCut = true;
    if (!midAnswer) {
      call.response.socket?.resetAndDestroy();
      return;
    }
    call.response.writeHead(200, { "content-type": "application/json", "content-length": 64 });
    call.response.write('{"status":200', () => call.response.socket?.resetAndDestroy());
  }

  /** The connection is done with this call, one way or another. */
  #left(call: OpenCall): void {
    const isCut = call.isCut || this.#state !== "up";
    const end = call.response.writableFinished ? "answered" : isCut ? "reset" : "gone";
    call.end = end;
    this.#ledger.leave(call);
    if (end === "reset") this.#resets += 1;
    if (end === "gone") this.#gone += 1;
    if (end === "answered" && call.status !== null)
      this.#statuses.set(call.status, (this.#statuses.get(call.status) ?? 0) + 1);
    if (end !== "gone" || call.isDecided) {
      clearTimeout(call.timer ?? undefined);
      this.#record(call, end);
    }
  }

  #record({ seq, status, effect }: OpenCall, end: CallEnd): void {
    this.#options.log.append({ t: "ended", seq, at: Date.now(), status, end, effect });
  }
}

function header(request: IncomingMessage, name: string): string | null {
  const value = request.headers[name];
  if (value === undefined) return null;
  return Array.isArray(value) ? value.join(", ") : value;
}
