import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  startDemoApi,
  startDemoApiProcess,
  type ApiScript,
  type ArrivalLogLine,
} from "@millrace/demo";
import { Agent, request } from "undici";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../support/until.ts";

const agent = new Agent();
afterAll(() => agent.close());

let folder = "";
const stops: (() => Promise<void>)[] = [];
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "millrace-demo-api-"))));
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  rmSync(folder, { recursive: true });
});

async function setup(script: Partial<ApiScript> = {}, start = startDemoApi) {
  const logPath = join(folder, "api.ndjson");
  const keyIn = { in: "body", field: "user" } as const;
  const api = await start({ name: "api", logPath, keyIn, script });
  stops.push(() => api.stop());
  return { api, lines: () => readLines(logPath), call: callerOf(api.url) };
}

function readLines(path: string): ArrivalLogLine[] {
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the API's own log
  return lines.map((line) => JSON.parse(line) as ArrivalLogLine);
}

function callerOf(url: string) {
  return async (key: string, body: object = { user: "u" }): Promise<number | string> => {
    const headers = {
      "idempotency-key": key,
      "millrace-position": `users/0/${key.slice(1)}`,
      traceparent: "00-a-b-01",
    };
    try {
      const options = {
        method: "POST",
        headers,
        body: JSON.stringify(body),
        dispatcher: agent,
      } as const;
      const answer = await request(`${url}/v1/things`, options);
      await answer.body.text();
      return answer.statusCode;
    } catch (error) {
      return error instanceof Error && "code" in error ? String(error.code) : String(error);
    }
  };
}

describe.each([
  ["in this process", startDemoApi],
  ["in a process of its own", startDemoApiProcess],
])("a demo API %s", (_where, start) => {
  it("answers, and records what arrived and how it ended", async () => {
    const { api, lines, call } = await setup({}, start);

    expect(await call("k1")).toBe(200);

    expect(lines()[0]).toMatchObject({
      t: "arrived",
      seq: 1,
      method: "POST",
      path: "/v1/things",
      idempotencyKey: "k1",
      position: "users/0/1",
      traceparent: "00-a-b-01",
      key: "u",
      body: '{"user":"u"}',
    });
    await api.stop();
    expect(lines()[1]).toMatchObject({
      t: "ended",
      seq: 1,
      status: 200,
      end: "answered",
      effect: "applied",
    });
  });

  it("follows another script, refuses a wrong one, and reports", async () => {
    const { api, call } = await setup({}, start);

    await api.script({ faults: [{ kind: "status", share: 1, status: 503 }] });

    expect(await call("k1")).toBe(503);
    await expect(api.script({ reject: { u: -1 } })).rejects.toThrow(/reject.u/u);
    expect(await api.report()).toMatchObject({ arrivals: 1, statuses: { "503": 1 }, effects: 0 });
  });
});

describe("a demo API", () => {
  it("has an arrival in its log before the answer leaves", async () => {
    const { lines, call } = await setup();

    for (let offset = 1; offset <= 50; offset += 1) {
      await call(`k${offset}`);
      expect(lines().filter(({ t }) => t === "arrived")).toHaveLength(offset);
    }
  });

  it("applies a repeated key once, and notes an inversion", async () => {
    const { api, call } = await setup();

    for (const key of ["k2", "k2", "k1"]) await call(key);

    expect(await api.report()).toMatchObject({
      effects: 2,
      repeats: 1,
      inversions: 1,
      openPerKeyMax: 1,
    });
  });

  it("sends Retry-After with the statuses that are to have it", async () => {
    const fault = { kind: "status", share: 1, status: 429, retryAfterSeconds: 7 } as const;
    const { api } = await setup({ faults: [fault] });

    const answer = await request(api.url, { dispatcher: agent });
    await answer.body.text();

    expect([answer.statusCode, answer.headers["retry-after"]]).toEqual([429, "7"]);
  });

  it.each([
    ["before", "none"],
    ["during", "applied"],
    ["after", "applied"],
  ] as const)("resets a connection %s the effect: %s", async (when, effect) => {
    const { api, lines, call } = await setup({ faults: [{ kind: "reset", share: 1, when }] });

    expect(await call("k1")).toMatch(/UND_ERR_SOCKET|ECONNRESET/u);

    await api.stop();
    expect(lines().at(-1)).toMatchObject({ t: "ended", end: "reset", effect });
  });

  it("applies a call whose caller went away, and says so", async () => {
    const { api, lines } = await setup({ latency: { kind: "fixed", ms: 50 } });
    const signal = AbortSignal.timeout(10);

    await expect(request(api.url, { dispatcher: agent, signal })).rejects.toThrow();

    await until("both lines are written", () => lines().length === 2);
    expect(lines()[1]).toMatchObject({ t: "ended", end: "gone", effect: "applied" });
  });

  it("refuses connections while it is away, on record, and comes back on its port", async () => {
    const { api, lines, call } = await setup({ latency: { kind: "fixed", ms: 10_000 } });
    const open = call("k1");
    await until("the call arrived", () => lines().length === 1);

    await api.outage(150);

    expect(await open).toMatch(/UND_ERR_SOCKET|ECONNRESET/u);
    expect(await call("k2")).toMatch(/UND_ERR_SOCKET|ECONNRE/u);
    await api.script({});
    await until("it is back", async () => (await api.report()).state === "up");
    expect(await call("k3")).toBe(200);
    await api.stop();
    expect(lines().map(({ t }) => t)).toEqual([
      ...["arrived", "down", "ended", "refused", "up", "arrived", "ended"],
    ]);
  });
});
