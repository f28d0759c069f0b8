import { describe, expect, it } from "vitest";
import { createWorld, type World } from "../support/delivery-world.ts";
import { readRaw, writeRaw } from "../support/raw-topic.ts";
import { until } from "../support/until.ts";

const ENVELOPE = {
  ce_specversion: "1.0",
  ce_id: "poison",
  ce_source: "urn:millrace:test",
  ce_type: "users.ProfileUpdated",
  "content-type": "application/avro",
};

/** The bytes of a real event of this world, from which broken ones are made. */
async function realValue(world: World): Promise<Buffer> {
  const [record] = await readRaw(world.servers.brokers, world.topic);
  if (record?.value === null || record === undefined) throw new Error("no event in the topic");
  return record.value;
}

/** An Avro long as it is written. */
function long(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}

describe("a record that is no event", () => {
  it("is dead-lettered with its bytes and its reason, and everything else is delivered", async () => {
    const world = await createWorld({ apis: { crm: {} } });
    await world.emitUpdates(1, 1);
    const real = await realValue(world);
    const frame = real.subarray(0, 5);
    const poison: Readonly<Record<string, Buffer>> = {
      "no magic byte": Buffer.from("plain text"),
      empty: Buffer.alloc(0),
      "unknown schema id": Buffer.concat([
        Buffer.from([0, 0x7f, 0xff, 0xff, 0xfe]),
        real.subarray(5),
      ]),
      truncated: real.subarray(0, real.length - 3),
      "trailing bytes": Buffer.concat([real, Buffer.from([1, 2, 3])]),
      "a string of 2 GB": Buffer.concat([frame, Buffer.from(long(2_000_000_000n))]),
      "a string of negative length": Buffer.concat([frame, Buffer.from(long(-5n))]),
    };
    const messages = Object.entries(poison).map(([name, value]) => ({
      key: name,
      value,
      headers: { ...ENVELOPE, ce_id: name },
    }));
    await writeRaw(world.servers.brokers, world.topic, [
      ...messages,
      { key: "foreign", value: real },
      { key: "user-0", value: null, headers: ENVELOPE },
    ]);

    const deliverer = await world.deliver();
    await world.emitUpdates(200, 20);
    await world.untilEffects("crm", 201);
    await until("no lag", async () => (await world.lag(deliverer)) === 0);

    const dead = await readRaw(world.servers.brokers, `${world.namespace}.crm.dead`);
    const found = dead.map(
      ({ key, headers }) => [String(key), headers["millrace-reason"]] as const,
    );
    expect(new Map(found)).toEqual(
      new Map([
        ...Object.keys(poison).map(
          (name) =>
            [name, name === "unknown schema id" ? "SCHEMA_UNKNOWN" : "DECODE_FAILED"] as const,
        ),
        ["foreign", "ENVELOPE_MISSING"],
      ]),
    );
    for (const { key, value } of dead) {
      const original = String(key) === "foreign" ? real : poison[String(key)];
      expect(value?.equals(original ?? Buffer.from("?"))).toBe(true);
    }
    expect(deliverer.isRunning).toBe(true);
  });

  it("takes its place in its key's order: what follows it is delivered after it is dead-lettered", async () => {
    const world = await createWorld({
      apis: { crm: {} },
      target: { filter: "event.type == 'users.ProfileUpdated'", onDeadLetter: "skip" },
    });
    await world.emitUpdates(10, 1);
    await writeRaw(world.servers.brokers, world.topic, [
      { key: "user-0", value: Buffer.from("broken"), headers: ENVELOPE },
    ]);
    await world.emitUpdates(10, 1);

    const deliverer = await world.deliver();
    await world.untilEffects("crm", 20);
    await until("no lag", async () => (await world.lag(deliverer)) === 0);

    expect(await readRaw(world.servers.brokers, `${world.namespace}.crm.dead`)).toHaveLength(1);
  });
});

describe("a filter", () => {
  it("leaves events out without a call, and they count as done", async () => {
    const world = await createWorld({
      apis: { crm: {} },
      target: { filter: "event.type == 'users.PasswordChanged'" },
    });
    const deliverer = await world.deliver();
    await world.emitUpdates(500, 10);
    const changedAt = new Date();
    await world.emitter.emit("users.PasswordChanged", {
      userId: "user-1",
      changedAt: changedAt.getTime(),
    });

    await world.untilEffects("crm", 1);
    await until("no lag", async () => (await world.lag(deliverer)) === 0);

    expect(world.arrivals("crm")).toHaveLength(1);
  });
});

describe("startAt", () => {
  it("latest begins at what comes after the first start, and a later start goes on from there", async () => {
    const world = await createWorld({ apis: { crm: {} }, target: { startAt: "latest" } });
    await world.emitUpdates(50, 5);
    const first = await world.deliver();
    await first.ready();
    await first.end("SIGKILL");
    await world.emitUpdates(30, 5);

    await world.deliver();
    await world.untilEffects("crm", 30);

    expect(world.arrivals("crm")).toHaveLength(30);
  });
});
