/** The HTTP sender against what networks and servers do. */
import { gzipSync } from "node:zlib";
import type { AnswerBody, AttemptResult } from "@millrace/engine";
import type { HttpTargetOptions } from "@millrace/http";
import { describe, expect, it, onTestFinished } from "vitest";
import { attempt, httpSender, requestTo } from "../support/http-bench.ts";
import {
  answerOf,
  startScriptedTarget,
  type ArrivedRequest,
  type Script,
  type ScriptedTarget,
} from "../support/scripted-target.ts";

async function setup(script: Script, options: Partial<Parameters<typeof httpSender>[0]> = {}) {
  const target = await startScriptedTarget();
  target.answer(script);
  const sender = httpSender({ origin: target.origin, ...options });
  const send = (timeoutMs = 5_000) => attempt(sender, requestTo(target.origin, { timeoutMs }));
  return { target, sender, send };
}

/** Writes a chunk again and again until the peer goes; counts what the peer let through. */
function pour(socket: ArrivedRequest["socket"], chunk: string): { bytes: number } {
  const poured = { bytes: 0 };
  const more = (): void => {
    while (!socket.destroyed) {
      poured.bytes += chunk.length;
      if (!socket.write(chunk)) return;
    }
  };
  socket.on("drain", more);
  more();
  return poured;
}

const LOST: AttemptResult = {
  kind: "retry",
  reason: "RESET",
  status: null,
  ambiguous: true,
  retryAfterMs: null,
};

describe("the id of a call", () => {
  const requestIdHeaders = ["x-request-id", "cf-ray"];

  it.each<[number, Partial<AttemptResult>]>([
    [204, { kind: "delivered", status: 204 }],
    [422, { kind: "rejected", status: 422 }],
    [429, { kind: "throttled", status: 429 }],
    [401, { kind: "misconfigured", status: 401 }],
    [503, { kind: "retry", status: 503 }],
  ])("comes with the result of %i", async (status, expected) => {
    const { send } = await setup(() => answerOf(status, { "CF-Ray": "8f1-FRA" }), {
      requestIdHeaders,
    });

    expect(await send()).toMatchObject({ ...expected, requestId: "8f1-FRA" });
  });

  it("comes with a deadline that passes after the headers", async () => {
    const { send } = await setup(
      () => "HTTP/1.1 200 OK\r\nx-request-id: late-1\r\ncontent-length: 9\r\n\r\nhalf",
      { requestIdHeaders },
    );

    expect(await send(200)).toMatchObject({ reason: "TIMEOUT", requestId: "late-1" });
  });

  it("is absent where the answer names none, and where none is asked for", async () => {
    const unnamed = await setup(() => answerOf(204), { requestIdHeaders });
    const unasked = await setup(() => answerOf(204, { "x-request-id": "7" }));

    expect(await unnamed.send()).toEqual({ kind: "delivered", status: 204 });
    expect(await unasked.send()).toEqual({ kind: "delivered", status: 204 });
  });
});

describe("the body of an answer", () => {
  const auth = { type: "bearer", token: "s3/cr3t" } as const;

  /** The body that comes with an attempt's result, its bytes as text. */
  async function bodyOf(script: Script, options: Partial<HttpTargetOptions> = {}) {
    const { target, sender } = await setup(script, { auth, ...options });
    const { promise, resolve } = Promise.withResolvers<AnswerBody | undefined>();
    sender.send(requestTo(target.origin, { timeoutMs: 5_000 }), (_, body) => resolve(body));
    const body = await promise;
    return body && { ...body, bytes: body.bytes && String(body.bytes) };
  }

  it("is discarded unless it is asked for", async () => {
    expect(await bodyOf(() => answerOf(422, {}, "no"))).toBeUndefined();
  });

  it.each([
    ["whole", answerOf(422, {}, '{"title":"nö"}'), { bytes: '{"title":"nö"}', byteCount: 15 }],
    ["empty", answerOf(204), { bytes: "", byteCount: 0 }],
    [
      "without its bytes where it repeats the credentials",
      answerOf(400, {}, "a Bearer s3/cr3t"),
      { bytes: null, byteCount: 16 },
    ],
    [
      "without its bytes where it escapes them",
      answerOf(400, {}, String.raw`"s3\/cr3t"`),
      { bytes: null, byteCount: 10 },
    ],
  ])("comes %s", async (_, answer, body) => {
    expect(await bodyOf(() => answer, { answerBodies: "kept" })).toEqual(body);
  });

  it("comes as far as it is read", async () => {
    const body = await bodyOf(() => answerOf(500, {}, "x".repeat(100_000)), {
      ...{ answerBodies: "kept", responseBytesMax: 1_000 },
    });

    expect(body?.bytes?.length).toBeLessThanOrEqual(1_000);
    expect(body?.byteCount).toBeGreaterThan(1_000);
  });
});

describe("the request", () => {
  it("carries method, path, body, key and trace as given, and says who sends", async () => {
    const { target, sender } = await setup(() => answerOf(204));

    await attempt(
      sender,
      requestTo(target.origin, {
        method: "PUT",
        url: `${target.origin}users/a%2Fb?x=1`,
        headers: { "content-type": "application/json", "idempotency-key": "k", "x-a": "b" },
        body: '{"ü":1}',
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        tracestate: "vendor=1",
      }),
    );

    expect(target.requests).toMatchObject([
      {
        method: "PUT",
        path: "/users/a%2Fb?x=1",
        body: '{"ü":1}',
        headers: {
          host: `127.0.0.1:${target.port}`,
          "content-length": "8",
          "content-type": "application/json",
          "idempotency-key": "k",
          "user-agent": "millrace",
          "x-a": "b",
          traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
          tracestate: "vendor=1",
        },
      },
    ]);
  });

  it.each([
    ["a header value with a line break", { headers: { "x-a": "b\r\nx-evil: 1" } }],
    ["a header name with a line break", { headers: { "x-a\r\nx-evil": "1" } }],
    ["a value beyond ASCII", { headers: { "x-a": "ü" } }],
    ["a host", { headers: { host: "evil.example" } }],
    ["a length", { headers: { "content-length": "0" } }],
    ["a transfer encoding", { headers: { "transfer-encoding": "chunked" } }],
    ["a method with a blank", { method: "POST /evil HTTP/1.1\r\nx:" }],
    ["a URL elsewhere", { url: "http://127.0.0.1:1/events" }],
    ["userinfo that moves the host", { url: "http://127.0.0.1:80@evil.example/" }],
    ["a path upwards", { path: "a/../../admin" }],
    ["an encoded path upwards", { path: "a/%2e%2e/admin" }],
    ["a second host", { path: "/evil.example/x" }],
    ["a backslash", { path: "\\evil.example" }],
    ["a fragment", { path: "a#b" }],
    ["a line break in the path", { path: "a HTTP/1.1\r\nx-evil: 1" }],
  ])("is never sent with %s", async (_, { path, ...request }: Record<string, unknown>) => {
    const { target, sender } = await setup(() => answerOf(204));
    const url = typeof path === "string" ? { url: `${target.origin}${path}` } : {};

    const result = await attempt(sender, requestTo(target.origin, { ...request, ...url }));

    expect(result).toMatchObject({ kind: "undeliverable", reason: "MAPPING_FAILED" });
    expect(target.requests).toEqual([]);
  });

  it("keeps the key's name and form as the target wants them", async () => {
    const idempotency = { header: "X-Request-Key", format: "sf-string" } as const;
    const { target, send } = await setup(() => answerOf(204), { idempotency });

    await send();

    expect(target.requests[0]?.headers).toMatchObject({ "x-request-key": '"key-1"' });
    expect(target.requests[0]?.headers).not.toHaveProperty("idempotency-key");
  });
});

describe("the answer", () => {
  it("stands when its headers are whole, whatever becomes of the body", async () => {
    const { send } = await setup(({ socket }) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf", () => socket.destroy());
      return undefined;
    });

    expect(await send()).toEqual({ kind: "delivered", status: 200 });
  });

  it.each([
    ["its body drips", "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n"],
    ["its headers drip", "HTTP/1.1 200 OK\r\nx-slow: "],
  ])("is a timeout when %s past the deadline", async (_, start) => {
    const { send, target } = await setup(({ socket }) => {
      const drip = setInterval(() => socket.write("x"), 20);
      socket.on("close", () => clearInterval(drip));
      return start;
    });
    const startedAt = performance.now();

    expect(await send(300)).toMatchObject({ kind: "retry", reason: "TIMEOUT", ambiguous: true });
    expect(performance.now() - startedAt).toBeLessThan(1_300);
    await expect.poll(target.openCount).toBe(0);
  });

  it.each([
    ["an endless body", "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n"],
    ["a body of a gigabyte", "HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n"],
  ])("costs its connection with %s, and no more than was asked for", async (_, head) => {
    const poured: { bytes: number }[] = [];
    const { send, target } = await setup(({ socket }) => {
      socket.write(head);
      poured.push(pour(socket, "x".repeat(16_384)));
      return undefined;
    });

    expect(await send()).toEqual({ kind: "delivered", status: 200 });
    await expect.poll(target.openCount).toBe(0);
    expect(poured[0]?.bytes).toBeLessThan(8_000_000);
  });

  it("is not unpacked: a gzip bomb costs what came over the wire", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const head = `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`;
    const { send } = await setup(({ socket }) => {
      socket.write(head);
      socket.write(bomb);
      return undefined;
    });
    const before = process.memoryUsage().rss;

    expect(await send()).toEqual({ kind: "delivered", status: 200 });
    expect(process.memoryUsage().rss - before).toBeLessThan(40_000_000);
  });

  it("is none when its headers never end", async () => {
    const { send, target } = await setup(({ socket }) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      pour(socket, `x-${"a".repeat(1_000)}: b\r\n`);
      return undefined;
    });

    expect(await send()).toMatchObject({
      kind: "retry",
      reason: "RESPONSE_INVALID",
      ambiguous: true,
    });
    await expect.poll(target.openCount).toBe(0);
  });

  it.each([
    ["is not HTTP", "SSH-2.0-OpenSSH_9.9\r\n\r\n"],
    ["has a broken status line", "HTTP/1.1 abc\r\n\r\n"],
    ["has a header without a name", "HTTP/1.1 200 OK\r\n: x\r\n\r\n"],
    ["has two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n"],
  ])("is none when it %s", async (_, answer) => {
    const { send } = await setup(() => answer);

    expect(await send()).toMatchObject({
      kind: "retry",
      reason: "RESPONSE_INVALID",
      ambiguous: true,
    });
  });

  it("may be preceded by early hints", async () => {
    const { send } = await setup(() => `HTTP/1.1 103 Early\r\nlink: </a>\r\n\r\n${answerOf(201)}`);

    expect(await send()).toEqual({ kind: "delivered", status: 201 });
  });

  it.each([301, 302, 303, 307, 308])("is never followed elsewhere: %i", async (status) => {
    const elsewhere = await startScriptedTarget();
    const location = `${elsewhere.origin}secret?token=1`;
    const { send } = await setup(() => answerOf(status, { location }));

    const result = await send();

    expect(result).toMatchObject({ kind: "misconfigured", reason: "HTTP_REDIRECT", status });
    expect(JSON.stringify(result)).not.toContain("token");
    expect(elsewhere.connectionCount()).toBe(0);
  });

  it.each([
    ["seconds", "120", 120_000],
    ["a year of seconds", "31536000", 900_000],
    ["more digits than a number holds", "9".repeat(400), 900_000],
    ["a negative number", "-5", 0],
    ["a past date", "Thu, 01 Jan 2015 00:00:00 GMT", 0],
    ["a date in a hundred years", "Tue, 01 Jan 2126 00:00:00 GMT", 900_000],
  ])("may ask to wait by %s", async (_, value, retryAfterMs) => {
    const { send } = await setup(() => answerOf(503, { "retry-after": value }));

    expect(await send()).toEqual({ kind: "throttled", status: 503, retryAfterMs });
  });

  it.each(["soon", "1.5", "", "0x10", "2026-01-01"])("asks for no wait by %j", async (value) => {
    const { send } = await setup(() => answerOf(503, { "retry-after": value }));

    expect(await send()).toMatchObject({ kind: "retry", status: 503, retryAfterMs: null });
  });

  it("is read by the target's own table first, its status before its class", async () => {
    const statuses = [404, 409, 500, 502, 429, 401, 302];
    const { send } = await setup(() => answerOf(statuses.shift() ?? 500), {
      onConflict: "duplicate-ok",
      answers: { "4xx": "retry", "404": "delivered", "502": "dead-letter", "3xx": "dead-letter" },
    });

    const kinds: string[] = [];
    for (let count = 0; count < 7; count += 1) kinds.push((await send()).kind);

    expect(kinds).toEqual([
      "delivered",
      "retry",
      "retry",
      "rejected",
      "retry",
      "retry",
      "rejected",
    ]);
  });
});

describe("a connection that breaks", () => {
  it("before anything was sent is no ambiguity", async () => {
    const target = await startScriptedTarget();
    const { port } = target;
    const sender = httpSender({ origin: "http://127.0.0.1:9/" });

    expect(await attempt(sender, requestTo("http://127.0.0.1:9/"))).toMatchObject({
      kind: "retry",
      reason: "CONNECT_FAILED",
      ambiguous: false,
    });
    expect(port).toBeGreaterThan(0);
  });

  it.each<[string, Script]>([
    ["with the request", ({ socket }) => void socket.resetAndDestroy()],
    ["without an answer", ({ socket }) => void socket.end()],
    [
      "inside the answer's headers",
      ({ socket }) => void socket.write("HTTP/1.1 200 OK\r\nx-a", () => socket.destroy()),
    ],
  ])("%s is ambiguous", async (_, script) => {
    const { send } = await setup((request) => {
      script(request);
      return undefined;
    });

    expect(await send()).toEqual(LOST);
  });

  it("while idle costs the next attempt nothing but perhaps a retry", async () => {
    const { send, target } = await setup(() => answerOf(204));
    await send();

    target.dropConnections();
    await expect.poll(target.openCount).toBe(0);
    const results = [await send(), await send()];

    expect(results.at(-1)).toEqual({ kind: "delivered", status: 204 });
    expect(target.connectionCount()).toBeLessThanOrEqual(3);
  });

  it("in silence is found by the deadline", async () => {
    const { send } = await setup(({ socket }) => {
      socket.pause();
      return undefined;
    });
    const startedAt = performance.now();

    expect(await send(200)).toMatchObject({ reason: "TIMEOUT", ambiguous: true });
    expect(performance.now() - startedAt).toBeLessThan(1_200);
  });

  it("to a host that accepts nothing is given up without ambiguity", async () => {
    // TEST-NET addresses are refused under every policy but a list.
    const lookup = (_: unknown, __: unknown, done: (...args: never[]) => void): void => {
      // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the callback's two forms
      (done as unknown as (error: Error) => void)(
        Object.assign(new Error("no such host"), { code: "ENOTFOUND" }),
      );
    };
    const sender = httpSender({ origin: "http://gone.example/", lookup });

    expect(await attempt(sender, requestTo("http://gone.example/"))).toMatchObject({
      kind: "retry",
      reason: "DNS_FAILED",
      ambiguous: false,
    });
  });
});

describe("connections", () => {
  it("are used again, and never more than allowed", async () => {
    const held: ArrivedRequest[] = [];
    const { target, send } = await setup((request) => void held.push(request), { connections: 3 });
    const all = Promise.all(Array.from({ length: 12 }, () => send()));

    let most = 0;
    for (let answered = 0; answered < 12; answered += 1) {
      await target.arrived(answered + 1);
      most = Math.max(most, target.openCount());
      held[answered]?.socket.write(answerOf(204));
    }

    expect(new Set((await all).map(({ kind }) => kind))).toEqual(new Set(["delivered"]));
    expect(most).toBeLessThanOrEqual(3);
    expect(target.connectionCount()).toBeLessThanOrEqual(3);
  });

  it("keep an attempt that waits for one within its deadline, and it is never sent", async () => {
    const { target, send } = await setup(() => undefined, { connections: 1 });
    const first = send(1_000);
    await target.arrived(1);

    expect(await send(100)).toMatchObject({ reason: "TIMEOUT", ambiguous: false });
    await first;
    expect(target.requests).toHaveLength(1);
  });

  it("that answer twice are given up: the second answer is nobody's, and the next attempt is sent", async () => {
    const { target, sender } = await setup(() => answerOf(204) + answerOf(204));
    const { promise, resolve } = Promise.withResolvers<AttemptResult>();

    sender.send(requestTo(target.origin, { body: "first" }), () => {
      target.answer(() => answerOf(422));
      sender.send(requestTo(target.origin, { body: "second" }), resolve);
    });

    expect(await promise).toMatchObject({ kind: "rejected", status: 422 });
    expect(target.requests.map(({ body }) => body)).toEqual(["first", "second"]);
    expect(target.connectionCount()).toBe(2);
  });

  it("that answer once more while the first answer is handled are given up too", async () => {
    const { target, sender } = await setup(() => answerOf(204), { connections: 1 });
    const { promise, resolve } = Promise.withResolvers<AttemptResult>();

    sender.send(requestTo(target.origin, { body: "first" }), () => {
      target.answer(() => answerOf(422));
      target.requests[0]?.socket.write(answerOf(204));
      sender.send(requestTo(target.origin, { body: "second" }), resolve);
    });

    expect(await promise).toMatchObject({ kind: "rejected", status: 422 });
    expect(target.requests.map(({ body }) => body)).toEqual(["first", "second"]);
  });

  it("that are closed behind an answer, without a word, cost the attempts that wait for one nothing", async () => {
    const { target, send } = await setup(({ socket }) => void socket.end(answerOf(204)), {
      connections: 2,
    });

    const results = await Promise.all(Array.from({ length: 40 }, () => send()));

    expect(new Set(results.map(({ kind }) => kind))).toEqual(new Set(["delivered"]));
    expect(target.requests).toHaveLength(40);
  });

  it("that broke are the last to be tried, while others stand", async () => {
    const { target, send } = await setup(() => answerOf(204));
    await Promise.all([send(), send(), send()]);
    target.answer(({ socket }) => void socket.destroy());
    expect((await send()).kind).toBe("retry");
    target.answer(() => answerOf(204));

    expect((await send()).kind).toBe("delivered");
    expect(target.connectionCount()).toBe(3);
  });

  it("of a given-up call are not used by another", async () => {
    const { target, sender } = await setup(() => undefined, { connections: 1 });
    const { promise, resolve } = Promise.withResolvers<AttemptResult>();
    const abandon = sender.send(requestTo(target.origin), resolve);
    await target.arrived(1);
    abandon();
    target.answer(() => answerOf(204));

    expect(await promise).toEqual({ kind: "abandoned", ambiguous: true });
    expect(await attempt(sender, requestTo(target.origin))).toMatchObject({ kind: "delivered" });
    expect(target.connectionCount()).toBe(2);
  });

  it("are not kept from an answer that says close", async () => {
    const { target, send } = await setup(({ socket }) => {
      socket.end(answerOf(204, { connection: "close" }));
      return undefined;
    });

    expect((await send()).kind).toBe("delivered");
    expect((await send()).kind).toBe("delivered");
    expect(target.connectionCount()).toBe(2);
  });

  it("print no warnings through a storm of failures", async () => {
    const warnings: string[] = [];
    const note = (warning: Error): void =>
      void warnings.push(`${warning.name}: ${warning.message}`);
    process.on("warning", note);
    onTestFinished(() => void process.off("warning", note));
    let count = 0;
    const { send } = await setup((request) => {
      count += 1;
      if (count % 3 === 0) request.socket.resetAndDestroy();
      return count % 3 === 1 ? answerOf(500) : undefined;
    });

    await Promise.all(Array.from({ length: 300 }, () => send(100)));
    await new Promise((resolve) => {
      setImmediate(resolve);
    });

    expect(warnings).toEqual([]);
  });
});

export type { ScriptedTarget };
