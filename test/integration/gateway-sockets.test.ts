/** What only a socket can do to a server: requests that are slow, broken, smuggled, pipelined or cut off. */
import { NO_TELEMETRY } from "@millrace/engine";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createEmitter } from "@millrace/emitter";
import { createServer, Readiness, SERVER_LIMITS, type ServerLimits } from "@millrace/gateway";
import { plainConnection } from "@millrace/kafka";
import { loadCatalog, type EventContracts } from "@millrace/schemas";
import { describe, expect, it, onTestFinished } from "vitest";
import { ingestWorld, testServers } from "../support/ingest-world.ts";
import { until } from "../support/until.ts";

interface Server {
  readonly readiness: Readiness;
  /** Opens a connection and writes. */
  readonly send: (...parts: readonly string[]) => Conversation;
  readonly post: (body: string) => Promise<Response>;
  readonly close: () => Promise<void>;
}

/** What a connection has said so far. */
class Conversation {
  readonly socket: Socket;
  #text = "";
  isOver = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("utf8").on("data", (text: string) => (this.#text += text));
    socket.on("error", () => undefined).on("close", () => (this.isOver = true));
  }

  get text(): string {
    return this.#text;
  }

  get statuses(): readonly string[] {
    return [...this.#text.matchAll(/HTTP\/1\.1 (\d+)/gu)].map(([, status = ""]) => status);
  }

  async over(): Promise<this> {
    if (!this.isOver) await once(this.socket, "close");
    return this;
  }
}

async function setup(limits: Partial<ServerLimits> = {}): Promise<Server> {
  const world = ingestWorld();
  await world.init();
  const catalog = await loadCatalog(world.catalogPath);
  const { brokers, registryUrl } = testServers();
  const telemetry = NO_TELEMETRY;
  const emitter = await createEmitter<EventContracts>({
    connection: plainConnection(brokers, "millrace-test"),
    registry: registryUrl,
    catalog,
    idCache: { kind: "off" },
  });
  const readiness = new Readiness(
    { emitter, reason: null },
    { state: "up", reason: null, ask: () => Promise.resolve() },
  );
  const ports = { access: { kind: "loopback" }, readiness, catalog, telemetry } as const;
  const app = createServer(ports, { ...SERVER_LIMITS, ...limits });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const address = app.server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  onTestFinished(async () => {
    app.server.closeAllConnections();
    await app.close();
    await emitter.close();
  });
  return {
    readiness,
    send(...parts) {
      const socket = connect(port, "127.0.0.1");
      for (const part of parts) socket.write(part);
      return new Conversation(socket);
    },
    post: (body) =>
      fetch(`http://127.0.0.1:${port}/v1/events`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      }),
    close: () => app.close(),
  };
}

const EVENT = JSON.stringify({
  source: "urn:millrace:test",
  type: "users.PasswordChanged",
  data: { userId: "u", changedAt: 0 },
});

const request = (headers: string, body = EVENT): string =>
  `POST /v1/events HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n\r\n${body}`;

const JSON_TYPE = "content-type: application/json";
const whole = request(`${JSON_TYPE}\r\ncontent-length: ${EVENT.length}`);

describe("slow clients", () => {
  it.each([
    ["a connection that says nothing", ""],
    ["headers that never end", "POST /v1/events HTTP/1.1\r\nhost: localhost\r\nx: "],
  ])("cost a connection for the headers' time only: %s", async (_what, text) => {
    const server = await setup({ headersTimeoutMs: 300, requestTimeoutMs: 600 });
    const conversation = await server.send(text).over();

    expect(conversation.text).toMatch(/^HTTP\/1\.1 408 Request Timeout/u);
    expect(conversation.text).toContain("urn:millrace:problem:timeout");
  });

  it("cost a connection for the request's time only: a body that never ends", async () => {
    const server = await setup({ headersTimeoutMs: 300, requestTimeoutMs: 600 });
    const started = request(`${JSON_TYPE}\r\ncontent-length: 100`, "{");
    const conversation = await server.send(started).over();

    expect(conversation.text).toContain("urn:millrace:problem:timeout");
    expect((await server.post(EVENT)).status).toBe(202);
  });

  it("leave a hundred others alone", async () => {
    const server = await setup();
    const slow = Array.from({ length: 100 }, () => server.send("POST /v1/events HTTP/1.1\r\nx: "));

    expect((await server.post(EVENT)).status).toBe(202);
    for (const { socket } of slow) socket.destroy();
  });
});

describe("broken requests", () => {
  it.each([
    ["two lengths", "content-length: 5\r\ncontent-length: 6", "400"],
    ["a length and chunks", "content-length: 5\r\ntransfer-encoding: chunked", "400"],
    ["a length that is no number", "content-length: 5x", "400"],
    ["a negative length", "content-length: -1", "400"],
    ["an unknown coding", "transfer-encoding: gzip", "400"],
    ["a header without colon", "nonsense", "400"],
    ["a folded header", "x: 1\r\n  y: 2", "400"],
    ["a null byte", "x: \0", "400"],
    ["two content types", `${JSON_TYPE}\r\n${JSON_TYPE}\r\ncontent-length: 0`, "400"],
    ["two hosts", `host: evil\r\n${JSON_TYPE}\r\ncontent-length: 0`, "400"],
    ["an expectation", `expect: wonders\r\n${JSON_TYPE}\r\ncontent-length: 0`, "417"],
    ["two CloudEvents ids", `${JSON_TYPE}\r\nce-id: 1\r\nce-id: 2\r\ncontent-length: 0`, "400"],
    ["headers of 32 KiB", `x: ${"y".repeat(32 * 1024)}`, "431"],
    ["3,000 headers", Array.from({ length: 3_000 }, () => "x:y").join("\r\n"), "431"],
  ])("are refused with a problem: %s", async (_what, headers, status) => {
    const { send, post } = await setup();
    const conversation = send(request(headers, ""));
    await until("an answer", () => conversation.statuses.length > 0);

    expect(conversation.statuses[0]).toBe(status);
    const kind = status === "400" ? "malformed-request" : "";
    await until("the problem", () => conversation.text.includes(`urn:millrace:problem:${kind}`), {
      seen: () => conversation.text,
    });
    expect((await post(EVENT)).status).toBe(202);
  });

  it.each([
    ["another protocol", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["TLS", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000"],
    ["an unknown method", "FOO /v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n"],
    ["no host", "POST /v1/events HTTP/1.1\r\ncontent-length: 0\r\n\r\n"],
    ["broken chunks", request(`${JSON_TYPE}\r\ntransfer-encoding: chunked`, "zz\r\n")],
  ])("that are hardly HTTP end their connection: %s", async (_what, text) => {
    const { send } = await setup();
    const conversation = await send(text).over();

    expect(conversation.text).toMatch(/^HTTP\/1\.1 400 Bad Request/u);
    expect(conversation.text).toContain("urn:millrace:problem:malformed-request");
  });

  it("never smuggle a second one", async () => {
    const { send } = await setup();
    const hidden = "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n";
    const smuggled = `${JSON_TYPE}\r\ncontent-length: 4\r\ntransfer-encoding: chunked`;
    const conversation = await send(request(smuggled, `0\r\n\r\n${hidden}`)).over();

    expect(conversation.statuses).toEqual(["400"]);
  });
});

describe("a client that goes away", () => {
  it("gives back the bytes that its request had taken", async () => {
    const { send, post } = await setup({ inFlightBytesMax: 1_000 });
    const started = request(`${JSON_TYPE}\r\ncontent-length: 1000`, "{");
    const conversation = send(started);
    await until("the bytes to be taken", async () => (await post(EVENT)).status === 503);
    conversation.socket.destroy();

    await until("the bytes to be given back", async () => (await post(EVENT)).status === 202);
  });
});

describe("requests on one connection", () => {
  it("are answered in their order", async () => {
    const { send } = await setup();
    const invalid = request(`${JSON_TYPE}\r\ncontent-length: 2`, "{}");
    const conversation = send(whole + invalid + whole);
    await until("three answers", () => conversation.statuses.length === 3);

    expect(conversation.statuses).toEqual(["202", "400", "202"]);
  });

  it("that come while the gateway stops are refused, and the connection ends", async () => {
    const { send, readiness, close } = await setup();
    const conversation = send(whole);
    await until("the first answer", () => conversation.statuses.length === 1);
    readiness.stop();
    conversation.socket.write(whole + whole);
    await conversation.over();
    await close();

    expect(conversation.statuses).toEqual(["202", "503"]);
    expect(conversation.text).toContain("urn:millrace:problem:stopping");
  });
});
