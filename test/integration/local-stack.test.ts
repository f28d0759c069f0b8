import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { readState, stackStatus, startStack, stopStack, type StackState } from "@millrace/local";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { until } from "../support/until.ts";

const STARTER = `
  import { startStack } from "@millrace/local";
  const [home] = process.argv.slice(1);
  const stack = await startStack(home === undefined ? { ephemeral: true } : { home });
  process.stdout.write(JSON.stringify({ isStarted: stack.isStarted, state: stack.state }) + "\\n");
  setInterval(() => undefined, 1_000);
`;

interface Report {
  readonly isStarted: boolean;
  readonly state: StackState;
}

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** Starts a stack in a process of its own. */
function starter(home?: string): ChildProcess {
  const args = ["--conditions=millrace-source", "--input-type=module", "-e", STARTER, "--"];
  const child = spawn(process.execPath, home === undefined ? args : [...args, home], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  return child;
}

async function reportOf(child: ChildProcess): Promise<Report> {
  if (child.stdout === null) throw new Error("no pipe");
  for await (const line of createInterface(child.stdout))
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- printed by the script above
    return JSON.parse(line) as Report;
  throw new Error("the starter ended without a report");
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/mu.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

function kafka({ brokers }: StackState): Kafka {
  return new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
}

describe("a stack with a home", { timeout: 180_000 }, () => {
  const home = mkdtempSync(join(tmpdir(), "millrace home,-"));
  const topic = "kept";

  beforeAll(async () => {
    const stack = await startStack({ home });
    const admin = kafka(stack.state).admin();
    await admin.createTopics({ topics: [{ topic, numPartitions: 3 }] });
    await admin.disconnect();
    const schema = JSON.stringify({ schema: '"string"' });
    const answer = await fetch(`${stack.state.registryUrl}/subjects/kept/versions`, {
      method: "POST",
      headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
      body: schema,
    });
    expect(answer.status).toBe(200);
  });
  afterAll(async () => {
    await stopStack({ home });
    rmSync(home, { recursive: true });
  });

  it("is found by the next start, which stops nothing that it did not start", async () => {
    const before = await stackStatus({ home });

    const found = await startStack({ home });
    await found.stop();

    expect(found.isStarted).toBe(false);
    expect(await stackStatus({ home })).toEqual(before);
    expect(before).toMatchObject({ kafka: "up", registry: "up" });
    await expect(found.stopKafka("SIGKILL")).rejects.toThrow(/not started here/u);
  });

  it("does not go to another port while it runs", async () => {
    await expect(startStack({ home, kafkaPort: 21_000 })).rejects.toMatchObject({
      code: "RUNS_ELSEWHERE",
    });
  });

  it("gets its dead half back, on the same port, and keeps the other", async () => {
    const before = readState(home);
    process.kill(before?.registry.pid ?? 0, "SIGKILL");

    const stack = await startStack({ home });

    expect(stack.isStarted).toBe(true);
    expect(stack.state.kafka).toEqual(before?.kafka);
    expect(stack.state.registry.port).toBe(before?.registry.port);
    expect(stack.state.registry.pid).not.toBe(before?.registry.pid);
    const subjects = await fetch(`${stack.state.registryUrl}/subjects`);
    expect(await subjects.json()).toEqual(["kept"]);
  });

  it("takes other ports where its own are taken, keeps its data, and logs to files", async () => {
    const port = readState(home)?.kafka.port ?? 0;
    expect(await stopStack({ home })).toBe(true);
    expect(await stopStack({ home })).toBe(false);
    const server = createServer().listen(port, "127.0.0.1");
    await once(server, "listening");

    const [first, second] = await Promise.all([reportOf(starter(home)), reportOf(starter(home))]);
    server.close();

    expect([first.isStarted, second.isStarted].sort()).toEqual([false, true]);
    expect(first.state).toEqual(second.state);
    expect(first.state.kafka.port).not.toBe(port);
    const admin = kafka(first.state).admin();
    expect(await admin.listTopics()).toContain(topic);
    await admin.disconnect();
    expect(readFileSync(first.state.kafka.log, "utf8")).toMatch(/Kafka Server started/u);
    expect(statSync(first.state.registry.log).size).toBeGreaterThan(0);
  });

  it("is taken over from a starter that was killed half-way", async () => {
    await stopStack({ home });
    const killed = starter(home);
    await until("its broker is on record", () => (readState(home)?.kafka.pid ?? 0) > 0);
    killed.kill("SIGKILL");

    const stack = await startStack({ home });

    expect(await stackStatus({ home })).toEqual({
      kafka: "up",
      registry: "up",
      state: stack.state,
    });
  });

  it("does not touch a process that got a server's pid after it", async () => {
    const { state } = await stackStatus({ home });
    await stopStack({ home });
    const bystander = spawn("sleep", ["60"]);
    children.push(bystander);
    const stale = { ...state?.kafka, pid: bystander.pid, startedAt: "1" };
    writeFileSync(join(home, "stack.json"), JSON.stringify({ ...state, kafka: stale }));

    expect(await stackStatus({ home })).toMatchObject({ kafka: "down", registry: "down" });
    expect(await stopStack({ home })).toBe(false);

    expect(isAlive(bystander.pid ?? 0)).toBe(true);
  });
});

describe("an ephemeral stack", { timeout: 120_000 }, () => {
  it("is gone, with its folder, when the process that uses it is killed", async () => {
    const child = starter();
    const { state } = await reportOf(child);
    const folder = join(state.dataDir, "..");
    expect(existsSync(folder)).toBe(true);

    child.kill("SIGKILL");

    await until("its servers and its folder are gone", () => {
      const pids = [state.kafka.pid, state.registry.pid];
      return !pids.some(isAlive) && !existsSync(folder);
    });
  });

  it("loses and gets back each server on the same port and data, and leaves nothing", async () => {
    await using cleanup = new AsyncDisposableStack();
    const shared = tmpdir();
    const found = await readdir(shared);
    // Others on this machine may have folders of ours in the shared one.
    const own = mkdtempSync(join(shared, "local-stack-test-"));
    cleanup.defer(() => rmSync(own, { recursive: true, force: true }));
    vi.stubEnv("TMPDIR", own);
    cleanup.defer(() => {
      vi.unstubAllEnvs();
    });
    const stack = await startStack({ ephemeral: true });
    cleanup.defer(() => stack.stop());
    const { brokers, dataDir } = stack.state;
    expect(dataDir.startsWith(own)).toBe(true);
    const admin = kafka(stack.state).admin();
    await admin.createTopics({ topics: [{ topic: "t", numPartitions: 1 }] });
    await admin.disconnect();

    await stack.stopKafka("SIGKILL");
    await stack.startKafka();
    await stack.stopRegistry("SIGTERM");
    await stack.startRegistry();

    const again = kafka(stack.state).admin();
    expect(await again.listTopics()).toContain("t");
    await again.disconnect();
    expect(stack.state.brokers).toEqual(brokers);
    const { kafka: broker, registry } = stack.state;
    await stack.stop();
    expect([broker.pid, registry.pid].filter(isAlive)).toEqual([]);
    expect(existsSync(dataDir)).toBe(false);
    expect(await readdir(own)).toEqual([]);
    const left = (await readdir(shared)).filter((name) => !found.includes(name));
    expect(left.filter((name) => /brotli|snappy|zstd|vertx/u.test(name))).toEqual([]);
  });

  it("is not started on a port that is taken", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const kafkaPort = typeof address === "object" ? (address?.port ?? 0) : 0;

    await expect(startStack({ ephemeral: true, kafkaPort })).rejects.toMatchObject({
      code: "PORT_TAKEN",
    });
    server.close();
  });
});
