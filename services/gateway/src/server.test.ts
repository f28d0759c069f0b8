import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { kindOf, placesOf, setupGateway, userEvent } from "../test-support/gateway.ts";
import { ApiKeyRing, hashApiKey, makeApiKey, type Scope } from "./api-key.ts";
import { PROBLEMS } from "./problem.ts";
import { assertPlainHeaders } from "./request-headers.ts";

/** A gateway that asks for keys, and one key of each kind. */
async function setupKeys() {
  const make = (scopes: readonly Scope[], expiresAt: number | null = null) => {
    const { text, id } = makeApiKey();
    return { text, key: { id, name: id, hash: hashApiKey(text), scopes, expiresAt } };
  };
  const all = make(["emit"]);
  const users = make(["emit:users"]);
  const orders = make(["emit:orders"]);
  const expired = make(["emit"], Date.now() - 1);
  const ring = new ApiKeyRing([all, users, orders, expired].map(({ key }) => key));
  const gateway = await setupGateway({ access: { kind: "keys", ring: () => ring } });
  return { ...gateway, all, users, orders, expired };
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}`, host: "gateway.example.com" });

describe("keys", () => {
  it("let their holders in, as a bearer token or in a header of their own", async () => {
    const { post, all, users } = await setupKeys();

    expect((await post(userEvent(), bearer(all.text))).statusCode).toBe(202);
    expect((await post(userEvent(), { "x-api-key": users.text })).statusCode).toBe(202);
  });

  it("are asked for before anything of the body is judged", async () => {
    const { post, telemetry } = await setupKeys();
    const response = await post("not json", { "content-type": "text/plain" });

    expect([response.statusCode, kindOf(response)]).toEqual([401, "unauthenticated"]);
    expect(response.headers["www-authenticate"]).toBe('Bearer realm="millrace"');
    expect(telemetry.counts).toMatchObject([{ value: 1, labels: { outcome: "unauthorized" } }]);
  });

  it("that are wrong in any way get the same answer", async () => {
    const { post, all, expired } = await setupKeys();
    const id = all.text.split(".")[1] ?? "";
    const wrong = ["", "x", `millrace.${id}.AAAA`, "millrace.000000000000.AAAA", expired.text];
    wrong.push(`${all.text}x`, all.text.slice(0, -1), "a".repeat(10_000), `.${id}.`);
    const answers = await Promise.all(wrong.map((key) => post(userEvent(), bearer(key))));
    const bodies = answers.map((answer) => answer.body.replace(/"instance":"[^"]*"/u, ""));

    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([401]));
    expect(new Set(bodies).size).toBe(1);
  });

  it("cover the topics of their scopes only, and a batch whole or not at all", async () => {
    const { post, orders, sink } = await setupKeys();
    const order = { source: "/t", type: "orders.OrderCancelled", data: { orderId: "o" } };

    expect((await post(order, bearer(orders.text))).statusCode).toBe(202);
    const response = await post([order, userEvent()], bearer(orders.text));
    expect([response.statusCode, kindOf(response)]).toEqual([403, "forbidden"]);
    expect(response.body).toContain("users");
    expect(sink.records).toHaveLength(1);
  });

  it("stand in no log line and no answer", async () => {
    const { post, telemetry, all, expired } = await setupKeys();
    const answers = [
      await post(userEvent(), bearer(all.text)),
      await post("{", bearer(all.text)),
      await post(userEvent(), bearer(expired.text)),
    ];
    const said = JSON.stringify([
      telemetry.lines,
      answers.map(({ body, headers }) => [body, headers]),
    ]);

    for (const { text } of [all, expired]) expect(said).not.toContain(text.split(".")[2]);
  });
});

describe("a gateway without keys", () => {
  it.each([
    "localhost",
    "localhost:8080",
    "127.0.0.1:8080",
    "[::1]:8080",
    "LOCALHOST",
    "a.localhost",
  ])("serves this machine's name %s", async (host) => {
    const { post } = await setupGateway();

    expect((await post(userEvent(), { host })).statusCode).toBe(202);
  });

  it.each(["evil.example.com", "127.0.0.1.evil.example.com", "192.168.1.1", "localhost.evil.com"])(
    "serves no page that reaches it under the name %s",
    async (host) => {
      const { post, sink } = await setupGateway();
      const response = await post(userEvent(), { host });

      expect([response.statusCode, kindOf(response)]).toEqual([421, "wrong-host"]);
      expect(sink.records).toEqual([]);
    },
  );
});

describe("headers", () => {
  it.each(["Content-Type", "ce-id", "Authorization", "traceparent"])(
    "that say one thing, such as %s, must not stand there twice",
    (name) => {
      // Where a request is injected its headers are joined already; this is how they come over a socket.
      const raw = [name, "a", "Host", "h", name.toUpperCase(), "b"];

      expect(() => assertPlainHeaders(raw)).toThrow("a header stands there twice");
    },
  );

  it("are limited in number", async () => {
    const { post } = await setupGateway();
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`x-${n}`, "1"]));
    const response = await post(userEvent(), many);

    expect([response.statusCode, kindOf(response)]).toEqual([431, "headers-too-large"]);
  });
});

const MIB = 1024 * 1024;
const padded = (bytes: number): string => JSON.stringify(userEvent()).padEnd(bytes);

describe("sizes", () => {
  it("of a single event may reach 1 MiB and not a byte more, in every form", async () => {
    const { post } = await setupGateway();

    expect((await post(padded(MIB))).statusCode).toBe(202);
    const forms = [{}, { "content-type": "application/cloudevents+json" }, { "ce-id": "1" }];
    for (const headers of forms) {
      const response = await post(padded(MIB + 1), headers);
      expect([response.statusCode, kindOf(response)]).toEqual([413, "body-too-large"]);
    }
  });

  it("of a single event are judged before the body is parsed, also where none was announced", async () => {
    const { app } = await setupGateway();
    const payload = Readable.from([Buffer.alloc(MIB, " "), Buffer.from("{")]);
    const headers = { host: "localhost", "content-type": "application/cloudevents+json" };
    const response = await app.inject({ method: "POST", url: "/v1/events", headers, payload });

    expect([response.statusCode, kindOf(response)]).toEqual([413, "body-too-large"]);
  });

  it("of a batch may reach 5 MiB and not a byte more", async () => {
    const { post } = await setupGateway();
    const batch = (bytes: number): string => JSON.stringify([userEvent()]).padEnd(bytes);

    expect((await post(batch(5 * MIB))).statusCode).toBe(202);
    const response = await post(batch(5 * MIB + 1));
    expect([response.statusCode, kindOf(response)]).toEqual([413, "body-too-large"]);
    expect(response.headers.connection).toBe("close");
  });

  it("of an encoded event are limited by what brokers take", async () => {
    const { post } = await setupGateway({ emitter: { eventBytesMax: 600 } });
    const large = userEvent({ id: "e2", data: { userId: "u".repeat(600), changedAt: 0 } });
    const response = await post([userEvent(), large]);

    expect([response.statusCode, kindOf(response)]).toEqual([413, "event-too-large"]);
    expect(placesOf(response)).toEqual(["/1"]);
  });

  it("in work are bounded: what does not fit is refused before it is read", async () => {
    const body = JSON.stringify(userEvent());
    const { post, sink } = await setupGateway({ limits: { inFlightBytesMax: body.length + 1 } });
    sink.hold();
    const first = post(body);
    await expect.poll(async () => (await post(body)).statusCode).toBe(503);
    const refused = await post(body);
    sink.release();

    expect(kindOf(refused)).toBe("overloaded");
    expect(refused.headers["retry-after"]).toBe("1");
    expect((await first).statusCode).toBe(202);
    expect((await post(body)).statusCode).toBe(202);
  });

  it("of events that are not acknowledged are bounded too", async () => {
    const { post } = await setupGateway({ emitter: { bufferEventsMax: 1 } });
    const response = await post([userEvent(), userEvent({ id: "e2" })]);

    expect(response.statusCode).toBe(413);
  });
});

describe("brokers that do not acknowledge", () => {
  it("cost a 503 with Retry-After and the ids to repeat, never a 202", async () => {
    const { post, sink, suspicions } = await setupGateway({ emitter: { timeoutMs: 40 } });
    sink.failWith("PRODUCE_FAILED");
    const { id, ...event } = userEvent();
    const response = await post([event, userEvent({ id })]);

    expect([response.statusCode, kindOf(response)]).toEqual([503, "brokers-unavailable"]);
    expect(response.headers["retry-after"]).toBe("5");
    expect(response.json<{ ids: string[] }>().ids).toEqual([expect.any(String), id]);
    expect(suspicions()).toBe(1);
    sink.failWith(null);
    await expect.poll(async () => (await post(userEvent())).statusCode).toBe(202);
  });

  it("are not waited for while they are known to be away", async () => {
    const { post, app } = await setupGateway({ brokers: "down" });
    const response = await post(userEvent());
    const ready = await app.inject("/readyz");

    expect([response.statusCode, kindOf(response)]).toEqual([503, "brokers-unavailable"]);
    expect(ready.statusCode).toBe(503);
    expect(ready.json()).toEqual({ status: "waiting", reasons: ["the brokers do not answer"] });
    expect((await app.inject("/livez")).statusCode).toBe(200);
  });

  it.each([
    ["TOPIC_MISSING", 503, "not-ready"],
    ["PRODUCE_REFUSED", 422, "event-refused"],
    ["BROKER_REFUSED", 500, "internal"],
  ] as const)("with %s are answered %d %s", async (code, status, kind) => {
    const { post, sink } = await setupGateway();
    sink.failWith(code);
    const response = await post(userEvent());

    expect([response.statusCode, kindOf(response)]).toEqual([status, kind]);
  });
});

describe("a gateway without an emitter yet", () => {
  it("refuses with the reason and is not ready", async () => {
    const { post, app } = await setupGateway({ noEmitter: "the registry is away" });
    const response = await post(userEvent());

    expect([response.statusCode, kindOf(response)]).toEqual([503, "not-ready"]);
    expect(response.headers["retry-after"]).toBe("5");
    expect((await app.inject("/readyz")).json()).toMatchObject({
      reasons: ["the registry is away"],
    });
  });
});

describe("a gateway that stops", () => {
  it("refuses with a problem and ends the connection, and says so to who asks", async () => {
    const { post, app, readiness } = await setupGateway();
    readiness.stop();
    const response = await post(userEvent());

    expect([response.statusCode, kindOf(response)]).toEqual([503, "stopping"]);
    expect(response.headers.connection).toBe("close");
    expect((await app.inject("/readyz")).statusCode).toBe(503);
    expect((await app.inject("/livez")).statusCode).toBe(200);
  });

  it("ends the connection of a request that was open when it began to stop", async () => {
    const { post, sink, readiness } = await setupGateway();
    sink.hold();
    const open = post(userEvent());
    await expect.poll(() => sink.isHolding).toBe(true);
    readiness.stop();
    sink.release();

    expect((await open).statusCode).toBe(202);
    expect((await open).headers.connection).toBe("close");
  });
});

describe("whatever is no event", () => {
  it.each([
    ["GET", "/", 404, "not-found"],
    ["POST", "/v1/event", 404, "not-found"],
    ["POST", "/v1/events/", 404, "not-found"],
    ["GET", "/v1/events", 405, "method-not-allowed"],
    ["DELETE", "/v1/events?x=1", 405, "method-not-allowed"],
    ["OPTIONS", "/v1/events", 405, "method-not-allowed"],
    ["POST", "/readyz", 405, "method-not-allowed"],
    ["GET", "/%zz", 400, "malformed-request"],
  ] as const)("%s %s is answered %d %s", async (method, url, ...[status, kind]) => {
    const { app } = await setupGateway();
    const payload = "x".repeat(6 * MIB);
    const response = await app.inject({ method, url, ...(method === "POST" ? { payload } : {}) });

    expect([response.statusCode, kindOf(response)]).toEqual([status, kind]);
    expect(response.headers["content-type"]).toMatch(/^application\/problem\+json/u);
  });

  it("of another media type is refused with those that are taken", async () => {
    const { post } = await setupGateway();
    const response = await post("a=b", { "content-type": "application/x-www-form-urlencoded" });

    expect([response.statusCode, kindOf(response)]).toEqual([415, "media-type-unsupported"]);
    expect(response.headers["accept-post"]).toContain("application/cloudevents-batch+json");
  });

  it("compressed is refused, so that no small body becomes a large one", async () => {
    const { post } = await setupGateway();
    const response = await post("x", { "content-encoding": "gzip" });

    expect([response.statusCode, response.headers["accept-encoding"]]).toEqual([415, "identity"]);
  });

  it.each(["", " ", "{", "[1", '{"a":1,"a":2}'])("but %o is malformed", async (body) => {
    const { post } = await setupGateway();
    const response = await post(body);

    expect([response.statusCode, kindOf(response)]).toEqual([400, "malformed-body"]);
  });
});

describe("what a request reports", () => {
  it("is its events, its time, its span and one line with position and trace", async () => {
    const { post, telemetry } = await setupGateway();
    const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    await post([userEvent(), userEvent({ id: "e2" })], { traceparent });
    await expect.poll(() => telemetry.lines.length).toBe(1);

    expect(telemetry.counts).toEqual([
      { name: "millrace.ingest.events", value: 2, labels: { outcome: "accepted" } },
    ]);
    expect(telemetry.durations).toEqual([
      {
        "http.request.method": "POST",
        "http.route": "/v1/events",
        "http.response.status_code": 202,
      },
    ]);
    expect(telemetry.lines[0]?.fields).toMatchObject({
      status: 202,
      events: 2,
      id: "e1",
      topic: "users",
      partition: 3,
      offset: 0,
      traceId: "a".repeat(32),
    });
  });

  it("names its line as its problem does", async () => {
    const { post, telemetry } = await setupGateway();
    const { instance } = (await post("{")).json<{ instance: string }>();
    await expect.poll(() => telemetry.lines.length).toBe(1);

    expect(instance).toBe(`urn:uuid:${String(telemetry.lines[0]?.fields["requestId"])}`);
    expect(telemetry.counts).toMatchObject([{ value: 1, labels: { outcome: "invalid" } }]);
  });

  it("holds nothing of the data", async () => {
    const { post, telemetry } = await setupGateway();
    const data = { userId: "hunter2", changedAt: 0 };
    const answers = [
      await post(userEvent({ data })),
      await post(userEvent({ data: { ...data, changedAt: "hunter2", hunter: "hunter2" } })),
      await post('{"data":"hunter2"'),
    ];

    expect(JSON.stringify(telemetry.lines)).not.toContain("hunter2");
    expect(answers.map(({ body }) => body).join("")).not.toContain("hunter2");
  });
});

describe("problems", () => {
  it("of the server's making say when to come again", () => {
    const later = Object.values(PROBLEMS).filter((fact) => "retryAfter" in fact);

    expect(later.every(({ status }) => status === 503)).toBe(true);
    expect(later).toHaveLength(
      Object.values(PROBLEMS).filter(({ status }) => status === 503).length,
    );
  });
});
