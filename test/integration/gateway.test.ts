import { createServer } from "node:net";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  ingestWorld,
  ownStack,
  type IngestWorld,
  type TestGateway,
} from "../support/ingest-world.ts";
import { runMillrace, startMillrace } from "../support/millrace-process.ts";
import { readRaw } from "../support/raw-topic.ts";
import { until } from "../support/until.ts";

const changed = (user: string, n: number) => ({
  id: `${user}-${n}`,
  source: "urn:millrace:test",
  type: "users.PasswordChanged",
  data: { userId: user, changedAt: n },
});

interface Acknowledged {
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

async function acceptedOf(response: Response | null): Promise<readonly Acknowledged[]> {
  if (response?.status !== 202) return [];
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the gateway's own answer
  return ((await response.json()) as { accepted: Acknowledged[] }).accepted;
}

/** What was acknowledged stands where the answer said; gives how often each id stands there. */
async function expectInLog(
  { servers, topic }: IngestWorld,
  acknowledged: readonly Acknowledged[],
): Promise<ReadonlyMap<string, number>> {
  const records = await readRaw(servers.brokers, topic);
  const at = new Map(
    records.map((one) => [`${one.partition}/${one.offset}`, one.headers["ce_id"]]),
  );
  const lost = acknowledged.filter(
    ({ id, partition, offset }) => at.get(`${partition}/${offset}`) !== id,
  );
  expect(lost).toEqual([]);
  const counts = new Map<string, number>();
  for (const { headers } of records) {
    const id = headers["ce_id"] ?? "";
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

/** The metrics of a gateway that was started with `--admin-port 0`. */
async function metricsOf(gateway: TestGateway): Promise<string> {
  const port = /"port":(\d+),"msg":"admin server listens"/u.exec(gateway.output())?.[1] ?? "";
  return (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
}

/** Posts one event after the other, each until it is taken, as a careful client does. */
class Client {
  readonly acknowledged: Acknowledged[] = [];
  /** Ids of which a request was answered with anything but 202, or not at all. */
  readonly doubted = new Set<string>();
  readonly answers: { readonly status: number | null; readonly retryAfter: string | null }[] = [];
  readonly #gateway: TestGateway;
  readonly #user: string;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(gateway: TestGateway, user: string) {
    this.#gateway = gateway;
    this.#user = user;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Lets the event in work be taken, then ends. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let n = 0; !this.#stop.signal.aborted; n += 1) {
      const event = changed(this.#user, n);
      await until(`202 for ${event.id}`, () => this.#send(event), { deadlineMs: 90_000 });
    }
  }

  async #send(event: ReturnType<typeof changed>): Promise<boolean> {
    const response = await this.#gateway.post(event);
    const retryAfter = response?.headers.get("retry-after") ?? null;
    this.answers.push({ status: response?.status ?? null, retryAfter });
    const accepted = await acceptedOf(response);
    this.acknowledged.push(...accepted);
    if (accepted.length === 0) this.doubted.add(event.id);
    return accepted.length > 0;
  }
}

describe("a gateway on real servers", () => {
  it("acknowledges what other clients can read", async () => {
    const world = ingestWorld();
    await world.init();
    const gateway = await world.startGateway();
    await gateway.ready();
    const batch = Array.from({ length: 50 }, (_, n) => changed(`u${n % 5}`, n));
    const accepted = await acceptedOf(await gateway.post({ events: batch }));

    expect(accepted.map(({ id }) => id)).toEqual(batch.map(({ id }) => id));
    expect(accepted.every(({ topic }) => topic === world.topic)).toBe(true);
    await expectInLog(world, accepted);
    expect(await gateway.end("SIGTERM")).toBe(0);
    expect(gateway.complaint()).toBe("");
  });

  it("is not ready until its topics are there, and says which are missing", async () => {
    const world = ingestWorld();
    await world.registerSchemas();
    const gateway = await world.startGateway();
    await expect
      .poll(() => gateway.readiness(), { timeout: 20_000 })
      .toEqual({
        status: 503,
        reasons: [`topics do not exist: ${world.topic} (run millrace init)`],
      });
    expect((await gateway.post(changed("u", 1)))?.status).toBe(503);
    await world.init();

    await gateway.ready();
    expect((await gateway.post(changed("u", 1)))?.status).toBe(202);
  });

  it("serves holders of keys only, and takes changed keys up on SIGHUP", async () => {
    const world = ingestWorld();
    await world.init();
    const keys = join(world.folder, "keys.json");
    const newKey = ["gateway", "new-key", "--api-keys", keys, "--name", "test"];
    const made = await runMillrace(newKey, { folder: world.folder, name: "key" });
    const gateway = await world.startGateway("--api-keys", keys, "--host", "0.0.0.0");
    await gateway.ready();
    const post = async (): Promise<number> => {
      const headers = {
        "content-type": "application/json",
        authorization: `Bearer ${made.trim()}`,
      };
      const body = JSON.stringify(changed("u", 1));
      return (await fetch(`${gateway.url}/v1/events`, { method: "POST", headers, body })).status;
    };

    expect((await gateway.post(changed("u", 1)))?.status).toBe(401);
    expect(await post()).toBe(202);
    writeFileSync(keys, "{");
    gateway.signal("SIGHUP");
    await until("the complaint", () => gateway.output().includes("the old ones hold"));
    expect(await post()).toBe(202);
    writeFileSync(keys, '{"version":1,"keys":[]}');
    gateway.signal("SIGHUP");
    await until("the key's end", async () => (await post()) === 401);
    expect(gateway.output()).not.toContain(made.trim().split(".")[2]);
  });

  it("shows its metrics on a port of their own", async () => {
    const world = ingestWorld();
    await world.init();
    const gateway = await world.startGateway("--admin-port", "0");
    await gateway.ready();
    await gateway.post([changed("u", 1), changed("u", 2)]);
    const metrics = await metricsOf(gateway);

    expect(metrics).toMatch(/^millrace_ingest_events_total\{.*outcome="accepted".*\} 2$/mu);
    expect(metrics).toMatch(/^http_server_request_duration_seconds_count\{.*\} 1$/mu);
    expect(metrics).toMatch(/^millrace_emitter_buffered_events\S* 0$/mu);
    expect((await fetch(`${gateway.url}/metrics`)).status).toBe(404);
  });
});

describe("a gateway whose servers fail", () => {
  it("answers 503 with Retry-After while the broker is away, recovers, and loses nothing", async () => {
    const { stack, servers } = await ownStack();
    const world = ingestWorld(servers);
    await world.init();
    const gateway = await world.startGateway("--ack-timeout", "2");
    await gateway.ready();
    const clients = ["a", "b", "c", "d"].map((user) => new Client(gateway, user));
    for (const client of clients) client.start();
    await until("some events", () => clients.every(({ acknowledged }) => acknowledged.length > 20));
    await stack.stopKafka("SIGKILL");
    await until("refusals", () => clients.every(({ doubted }) => doubted.size > 0));
    const before = clients.map(({ acknowledged }) => acknowledged.length);
    expect((await fetch(`${gateway.url}/livez`)).status).toBe(200);
    await until("not ready", async () => (await gateway.readiness()).status === 503);
    await stack.startKafka();
    await until("recovery", () =>
      clients.every(({ acknowledged }, at) => acknowledged.length > (before[at] ?? 0) + 20),
    );
    await Promise.all(clients.map((client) => client.stop()));

    const answers = clients.flatMap((client) => client.answers);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202, 503]));
    const refusals = answers.filter(({ status }) => status === 503);
    expect(refusals.every(({ retryAfter }) => Number(retryAfter) > 0)).toBe(true);
    const acknowledged = clients.flatMap((client) => client.acknowledged);
    const counts = await expectInLog(world, acknowledged);
    const doubted = new Set(clients.flatMap((client) => [...client.doubted]));
    for (const [id, count] of counts) if (count > 1) expect(doubted).toContain(id);
    await gateway.ready();
    expect(await gateway.end("SIGTERM")).toBe(0);
  });

  it("starts while the broker is away, and serves when it comes", async () => {
    const { stack, servers } = await ownStack();
    const world = ingestWorld(servers);
    await world.init();
    await stack.stopKafka("SIGTERM");
    const gateway = await world.startGateway();
    await until("the brokers to be missed", async () => {
      const { status, reasons } = await gateway.readiness();
      return status === 503 && reasons.includes("the brokers do not answer");
    });
    const refused = await gateway.post(changed("u", 1));
    expect([refused?.status, refused?.headers.get("retry-after")]).toEqual([503, "5"]);
    await stack.startKafka();

    await gateway.ready();
    expect((await gateway.post(changed("u", 1)))?.status).toBe(202);
  });

  it("needs the registry for its first start only", async () => {
    const { stack, servers } = await ownStack();
    const world = ingestWorld(servers);
    await world.init();
    await stack.stopRegistry("SIGKILL");
    const first = await world.startGateway();
    await until("the registry to be missed", async () => {
      const { status, reasons } = await first.readiness();
      return status === 503 && reasons.some((reason) => reason.includes("registry"));
    });
    expect((await first.post(changed("u", 1)))?.status).toBe(503);
    await stack.startRegistry();
    await first.ready();
    expect((await first.post(changed("u", 1)))?.status).toBe(202);
    expect(await first.end("SIGTERM")).toBe(0);
    await stack.stopRegistry("SIGKILL");

    const second = await world.startGateway();
    await second.ready();
    expect((await second.post(changed("u", 2)))?.status).toBe(202);
    await second.end("SIGKILL");
    rmSync(join(world.folder, "cache"), { recursive: true });
    const third = await world.startGateway();
    expect((await third.readiness()).status).toBe(503);
  });
});

describe("a gateway that is ended", () => {
  it("answers what is open, takes no more, and has written all that it acknowledged", async () => {
    const world = ingestWorld();
    await world.init();
    const gateway = await world.startGateway();
    await gateway.ready();
    const users = Array.from({ length: 8 }, (_, n) => `u${n}`);
    const acknowledged: Acknowledged[] = [];
    const statuses = new Set<number | null>();
    const load = users.map(async (user) => {
      for (let n = 0; gateway.isRunning; n += 1) {
        const response = await gateway.post(changed(user, n));
        statuses.add(response?.status ?? null);
        acknowledged.push(...(await acceptedOf(response)));
        if (response === null) return;
      }
    });
    await until("load", () => acknowledged.length > 200);
    const endedAt = performance.now();
    const code = await gateway.end("SIGTERM");
    const endMs = performance.now() - endedAt;
    await Promise.all(load);

    expect(code).toBe(0);
    // Nothing of its grace of 25 s is waited out.
    expect(endMs).toBeLessThan(5_000);
    for (const status of statuses) expect([202, 503, null]).toContain(status);
    const counts = await expectInLog(world, acknowledged);
    expect([...counts.values()].every((count) => count === 1)).toBe(true);
  });

  it("ends at once at the second signal", async () => {
    const { stack, servers } = await ownStack();
    const world = ingestWorld(servers);
    await world.init();
    const gateway = await world.startGateway(
      "--ack-timeout",
      "60",
      "--grace",
      "120",
      "--admin-port",
      "0",
    );
    await gateway.ready();
    await stack.stopKafka("SIGKILL");
    const open = gateway.post(changed("u", 1));
    await until("an event in work", async () => {
      return /^millrace_emitter_buffered_events\S* 1$/mu.test(await metricsOf(gateway));
    });
    gateway.signal("SIGTERM");
    await until("the first signal", () => gateway.output().includes('"stopping"'));

    expect(gateway.isRunning).toBe(true);
    expect(await gateway.end("SIGTERM")).toBe(1);
    expect(await open).not.toMatchObject({ status: 202 });
  });
});

describe("a gateway that cannot start", () => {
  async function endsWith(
    args: readonly string[],
    files: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly code: number | null; readonly said: string }> {
    const { folder } = ingestWorld();
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const gateway = startMillrace(["gateway", "--port", "0", ...args], { folder, name: "gateway" });
    return { code: await gateway.ended(), said: gateway.complaint() };
  }

  it("says which port is taken, and what to do", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void taken.close());
    await once(taken, "listening");
    const address = taken.address();
    const port = typeof address === "object" ? String(address?.port) : "";
    const { code, said } = await endsWith(["--port", port]);

    expect(code).toBe(1);
    expect(said).toMatch(/^millrace gateway: cannot listen on 127\.0\.0\.1:\d+ .*--port.*\n$/u);
  });

  it("says what is wrong in a catalog, with file and line", async () => {
    const files = {
      "c.yaml": "apiVersion: millrace/v1\ntopics: {}\nevents:\n  a.B: { topic: x }\n",
    };
    const { code, said } = await endsWith(["--catalog", "c.yaml"], files);

    expect(code).toBe(1);
    expect(said).toContain("c.yaml:4:");
    expect(said).not.toContain("    at ");
  });

  it("says what is wrong in a configuration, with file and line", async () => {
    const { code, said } = await endsWith([], {
      "millrace.yaml": "apiVersion: millrace/v1\ntargts: {}\n",
    });

    expect(code).toBe(1);
    expect(said).toContain("millrace.yaml:2");
  });

  it("says what is wrong in a file of keys", async () => {
    const { code, said } = await endsWith(["--api-keys", "k.json"], {
      "k.json": '{"version":1,"keys":[{}]}',
    });

    expect(code).toBe(1);
    expect(said).toContain("/keys/0/hash must be sha256:");
  });

  it("refuses to serve others without keys", async () => {
    const { code, said } = await endsWith(["--host", "0.0.0.0"]);

    expect(code).toBe(2);
    expect(said).toContain("--api-keys FILE");
  });
});
