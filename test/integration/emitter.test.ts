import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { MillraceError } from "@millrace/engine";
import { createEmitter, type Emitter, type EmitterLimits, type Receipt } from "@millrace/emitter";
import { plainConnection } from "@millrace/kafka";
import type { EventMap } from "@millrace/schemas";
import { describe, expect, it, onTestFinished } from "vitest";
import { ingestWorld, ownStack, type IngestWorld } from "../support/ingest-world.ts";
import { readRaw, type RawRecord } from "../support/raw-topic.ts";

const CHANGED = "users.PasswordChanged";

async function emitterOn(
  { servers, catalogPath, folder }: IngestWorld,
  limits: Partial<EmitterLimits> = {},
): Promise<Emitter<EventMap>> {
  const emitter = await createEmitter<EventMap>({
    ...limits,
    connection: plainConnection(servers.brokers, "millrace-test"),
    registry: servers.registryUrl,
    catalog: catalogPath,
    source: "urn:millrace:test",
    idCache: { kind: "file", path: join(folder, "ids.json") },
  });
  onTestFinished(() => emitter.close());
  return emitter;
}

const recordsOf = ({ servers, topic }: IngestWorld): Promise<RawRecord[]> =>
  readRaw(servers.brokers, topic);

const changed = (user: string, n: number) =>
  ({ type: CHANGED, data: { userId: user, changedAt: n }, id: `${user}-${n}` }) as const;

/** Beyond the limit, and short enough for its length to take as many bytes as that of what fits. */
const PROBE = 1_048_000;

describe("an emitter on real brokers", () => {
  it("writes what other clients read, where its receipts say", async () => {
    const world = ingestWorld();
    await world.init();
    const emitter = await emitterOn(world);
    const events = Array.from({ length: 100 }, (_, n) => changed(`u${n % 10}`, n));
    const receipts = await emitter.emitBatch(events);
    const records = await recordsOf(world);
    const at = new Map(records.map((record) => [`${record.partition}/${record.offset}`, record]));

    expect(records).toHaveLength(100);
    for (const { id, partition, offset, sends } of receipts) {
      const record = at.get(`${partition}/${offset}`);
      expect(record?.headers["ce_id"]).toBe(id);
      expect(record?.key?.toString()).toBe(id.split("-")[0]);
      expect(record?.value?.[0]).toBe(0);
      expect(sends).toBe(1);
    }
    expectOrderPerKey(records);
  });

  it("takes an event of the largest size that it lets through", async () => {
    const world = ingestWorld();
    await world.init();
    const emitter = await emitterOn(world);
    const sized = (length: number) =>
      emitter.emit(
        "users.ProfileUpdated",
        { userId: "u", display_name: "x".repeat(length), email: "" },
        { id: "e", time: "2026-01-02T03:04:05Z" },
      );
    const error: unknown = await sized(PROBE).catch((reason: unknown) => reason);
    if (!(error instanceof MillraceError)) throw new Error("it was not refused");
    const over = Number(error.details["bytes"]) - Number(error.details["eventBytesMax"]);

    expect(error.code).toBe("EMIT_TOO_LARGE");
    expect(await sized(PROBE - over)).toMatchObject({ id: "e" });
    await expect(sized(PROBE - over + 1)).rejects.toMatchObject({ code: "EMIT_TOO_LARGE" });
  });

  it("says which topic does not exist, at once", async () => {
    const world = ingestWorld();
    await world.registerSchemas();
    const emitter = await emitterOn(world);

    await expect(emitter.emit(CHANGED, { userId: "u", changedAt: 0 })).rejects.toMatchObject({
      code: "TOPIC_MISSING",
      retryable: false,
    });
  });

  it("starts without the registry once it has seen it", async () => {
    const { stack, servers } = await ownStack();
    const world = ingestWorld(servers);
    await world.init();
    await (await emitterOn(world)).close();
    await stack.stopRegistry("SIGKILL");
    const emitter = await emitterOn(world);

    expect(await emitter.emit(CHANGED, { userId: "u", changedAt: 0 })).toMatchObject({ offset: 0 });
  });
});

describe("an emitter whose broker dies", () => {
  it("keeps 5,000 events of 50 keys in order and loses none", async () => {
    const { stack, servers } = await ownStack();
    const world = ingestWorld(servers);
    await world.init();
    const emitter = await emitterOn(world, { timeoutMs: 90_000 });
    const receipts: Promise<Receipt>[] = [];
    const emitRange = (from: number, to: number): void => {
      for (let n = from; n < to; n += 1) {
        const { type, data, id } = changed(`u${n % 50}`, n);
        receipts.push(emitter.emit(type, data, { id }));
      }
    };
    emitRange(0, 1_000);
    await receipts[500];
    emitRange(1_000, 2_500);
    await stack.stopKafka("SIGKILL");
    emitRange(2_500, 4_000);
    await stack.startKafka();
    emitRange(4_000, 5_000);
    const acknowledged = await Promise.all(receipts);
    const records = await recordsOf(world);

    expectPositionsHold(acknowledged, records);
    expect(new Set(records.map(({ headers }) => headers["ce_id"])).size).toBe(5_000);
    expectOrderPerKey(records);
    const repeatable = new Set(acknowledged.filter(({ sends }) => sends > 1).map(({ id }) => id));
    for (const id of repeatedIds(records)) expect(repeatable).toContain(id);
  });

  it("gives up in time, and goes on by itself when the broker is back", async () => {
    const { stack, servers } = await ownStack();
    const world = ingestWorld(servers);
    await world.init();
    const emitter = await emitterOn(world, { timeoutMs: 2_000 });
    await emitter.emit(CHANGED, { userId: "u", changedAt: 0 });
    await stack.stopKafka("SIGKILL");
    const event = changed("u", 1);
    const failed: unknown = await emitter.emitBatch([event]).catch((reason: unknown) => reason);

    expect(failed).toMatchObject({
      code: "EMIT_UNACKNOWLEDGED",
      retryable: true,
      details: { ids: [event.id], unacknowledged: [0] },
    });
    await stack.startKafka();
    await expect
      .poll(() => emitter.emitBatch([event]).catch(() => null), { timeout: 60_000 })
      .toMatchObject([{ id: event.id }]);
  });

  it("prints nothing, whatever happens", async () => {
    const { stack, servers } = await ownStack();
    const world = ingestWorld(servers);
    await world.init();
    await stack.stopKafka("SIGKILL");
    const program = `
      import { createEmitter } from "@millrace/emitter";
      import { plainConnection } from "@millrace/kafka";
      const emitter = await createEmitter({
        connection: plainConnection(${JSON.stringify(servers.brokers)}, "silent"),
        registry: ${JSON.stringify(servers.registryUrl)},
        catalog: ${JSON.stringify(world.catalogPath)},
        source: "urn:millrace:test",
        timeoutMs: 1_500,
        idCache: { kind: "off" },
      });
      const failed = await emitter.emit("${CHANGED}", { userId: "u", changedAt: 0 }).catch((e) => e.code);
      await emitter.emit("${CHANGED}", {}).catch(() => undefined);
      await emitter.close();
      process.exitCode = failed === "EMIT_UNACKNOWLEDGED" ? 0 : 1;
    `;
    const args = ["--conditions=millrace-source", "--input-type=module", "-e", program];
    const child = spawn(process.execPath, args, { cwd: import.meta.dirname });
    let printed = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (printed += text));
    }
    await once(child, "close");

    expect([printed, child.exitCode]).toEqual(["", 0]);
  });
});

/** Every acknowledged event stands where its receipt says. */
function expectPositionsHold(receipts: readonly Receipt[], records: readonly RawRecord[]): void {
  const at = new Map(
    records.map(({ partition, offset, headers }) => [`${partition}/${offset}`, headers]),
  );
  const misplaced = receipts.filter(
    ({ id, partition, offset }) => at.get(`${partition}/${offset}`)?.["ce_id"] !== id,
  );
  expect(misplaced).toEqual([]);
}

/** First occurrences of each key's events stand in the order they were emitted: their ids count up. */
function expectOrderPerKey(records: readonly RawRecord[]): void {
  const last = new Map<string, number>();
  const seen = new Set<string>();
  for (const { headers } of records) {
    const id = headers["ce_id"] ?? "";
    if (seen.has(id)) continue;
    seen.add(id);
    const [key = "", n = ""] = id.split("-");
    expect(Number(n)).toBeGreaterThan(last.get(key) ?? -1);
    last.set(key, Number(n));
  }
}

function repeatedIds(records: readonly RawRecord[]): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const { headers } of records) {
    const id = headers["ce_id"] ?? "";
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return new Set([...counts].filter(([, count]) => count > 1).map(([id]) => id));
}
