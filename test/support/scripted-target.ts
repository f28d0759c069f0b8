/** A target that answers byte by byte as a test says, over TCP or TLS: what no HTTP server would send, it can. */
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { onTestFinished } from "vitest";

/** A request as it came in. */
export interface ArrivedRequest {
  readonly method: string;
  readonly path: string;
  /** Lower-case names; of repeated ones the last. */
  readonly headers: Readonly<Record<string, string>>;
  /** The header block as it stood on the wire. */
  readonly head: string;
  readonly body: string;
  /** Number of the connection, from 1. */
  readonly connection: number;
  readonly socket: Socket;
}

/** What a target does with a request: a raw answer, or whatever it does with the socket itself. */
export type Script = (request: ArrivedRequest) => string | undefined;

/** A running target. */
export interface ScriptedTarget {
  readonly origin: string;
  readonly port: number;
  readonly requests: readonly ArrivedRequest[];
  /** Connections accepted so far, also those that sent nothing. */
  readonly connectionCount: () => number;
  /** Connections open now. */
  readonly openCount: () => number;
  /** Resolves when so many requests have come. */
  readonly arrived: (count: number) => Promise<void>;
  /** Sets what happens with later requests. */
  readonly answer: (script: Script) => void;
  /** Ends all connections, as a server does that has had enough of idle ones. */
  readonly dropConnections: () => void;
}

/** How a target listens. */
export interface TargetOptions {
  readonly tls?: TlsOptions;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Sees each connection before a byte is read; may end it. */
  readonly onConnection?: (socket: Socket) => void;
}

/** A raw answer with a body. */
export function answerOf(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body = "",
): string {
  const named = { "content-length": String(Buffer.byteLength(body)), ...headers };
  const lines = Object.entries(named).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} X\r\n${lines.join("")}\r\n${body}`;
}

/** Starts a target on a free port; it ends with the test. */
export async function startScriptedTarget(options: TargetOptions = {}): Promise<ScriptedTarget> {
  const target = new RawTarget(options);
  await target.listen(options.host ?? "127.0.0.1");
  onTestFinished(() => target.close());
  return target.view();
}

class RawTarget {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #requests: ArrivedRequest[] = [];
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  readonly #scheme: string;
  #script: Script = () => answerOf(204);
  #connectionCount = 0;

  constructor({ tls, onConnection }: TargetOptions) {
    this.#scheme = tls === undefined ? "http" : "https";
    const serve = (socket: Socket): void => this.#read(socket);
    this.#server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
    this.#server.on("connection", (socket: Socket) => {
      this.#connectionCount += 1;
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => this.#sockets.delete(socket));
      onConnection?.(socket);
    });
    this.#server.on("tlsClientError", () => undefined);
  }

  listen(host: string): Promise<void> {
    return new Promise((resolve) => {
      this.#server.listen(0, host, resolve);
    });
  }

  view(): ScriptedTarget {
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- a TCP server has a port
    const { port } = this.#server.address() as AddressInfo;
    return {
      origin: `${this.#scheme}://127.0.0.1:${port}/`,
      port,
      requests: this.#requests,
      connectionCount: () => this.#connectionCount,
      openCount: () => this.#sockets.size,
      arrived: (count) => this.#arrived(count),
      answer: (script) => {
        this.#script = script;
      },
      dropConnections: () => this.#drop(),
    };
  }

  async close(): Promise<void> {
    this.#drop();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }

  #drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #arrived(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ count, resolve });
      this.#tell();
    });
  }

  #tell(): void {
    for (const { count, resolve } of this.#waiting) if (this.#requests.length >= count) resolve();
  }

  #read(socket: Socket): void {
    const connection = this.#connectionCount;
    let received = Buffer.alloc(0);
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      for (let taken = take(received); taken !== null; taken = take(received)) {
        received = received.subarray(taken.length);
        this.#serve({ ...taken.request, connection, socket });
      }
    });
  }

  #serve(request: ArrivedRequest): void {
    this.#requests.push(request);
    this.#tell();
    const answer = this.#script(request);
    if (answer !== undefined && !request.socket.destroyed) request.socket.write(answer);
  }
}

/** The first whole request of what was received, or null. */
function take(received: Buffer): {
  readonly request: Omit<ArrivedRequest, "connection" | "socket">;
  readonly length: number;
} | null {
  const end = received.indexOf("\r\n\r\n");
  if (end === -1) return null;
  const head = received.subarray(0, end).toString("latin1");
  const [first = "", ...lines] = head.split("\r\n");
  const [method = "", path = ""] = first.split(" ");
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const length = end + 4 + Number(headers["content-length"] ?? 0);
  if (received.length < length) return null;
  const body = received.subarray(end + 4, length).toString("utf8");
  return { request: { method, path, headers, head, body }, length };
}
