/** The journal on real servers: what it says of each event against what the target saw and what the log holds. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { controlTopic, deliveriesTopic, ownTopics, stateTopic } from "@millrace/config";
import { asTopic, type JournalEntry, type JournalSkip } from "@millrace/engine";
import { createPageReader, type JournalPage } from "@millrace/journal";
import { createTopicAdmin, plainConnection } from "@millrace/kafka";
import { createRegistry } from "@millrace/schemas";
import { describe, expect, it } from "vitest";
import { millrace } from "../support/cli-command.ts";
import { createWorld, type World } from "../support/delivery-world.ts";
import { startMillrace } from "../support/millrace-process.ts";
import { readRaw } from "../support/raw-topic.ts";
import { answerOf, startScriptedTarget } from "../support/scripted-target.ts";
import { until } from "../support/until.ts";

const SICK = "user-3";

async function pagesOf({ servers, namespace }: World): Promise<JournalPage[]> {
  const topic = `${namespace}.deliveries`;
  const reader = createPageReader(createRegistry(servers.registryUrl));
  const pages: JournalPage[] = [];
  for (const record of await readRaw(servers.brokers, topic)) {
    const reading = await reader.read({ ...record, topic, timestampMs: 0, headers: {} });
    if (reading.kind === "unreadable") throw new Error(reading.detail);
    expect(String(record.key)).toBe(reading.page.target);
    pages.push(reading.page);
  }
  return pages;
}

async function journalOf(world: World): Promise<{ entries: JournalEntry[]; skips: JournalSkip[] }> {
  const pages = await pagesOf(world);
  return {
    entries: pages.flatMap(({ entries }) => entries),
    skips: pages.flatMap(({ skipped }) => skipped),
  };
}

/** The same world under another namespace, that has its topics and not the journal's schema: as before an update's `init`. */
async function withoutSchema(world: World): Promise<World> {
  const namespace = `${world.namespace}-old`;
  const text = readFileSync(world.configPath, "utf8");
  const configPath = join(world.folder, "old.yaml");
  writeFileSync(configPath, text.replace(`"${world.namespace}"`, `"${namespace}"`));
  const { dead, parked } = ownTopics(namespace, "crm");
  const own = [stateTopic(namespace), controlTopic(namespace), deliveriesTopic(namespace)];
  const names = [...own, dead, parked];
  const connection = plainConnection(world.servers.brokers, "millrace-test");
  const admin = createTopicAdmin({ connection });
  await admin.createTopics(names.map((name) => ({ topic: asTopic(name), partitionCount: 1 })));
  await admin.close();
  return { ...world, namespace, configPath };
}

const place = ({ partition, offset }: { partition: number; offset: number }): string =>
  `${partition}/${offset}`;

/** Every offset of these runs. */
function offsetsOf(runs: readonly JournalSkip[]): string[] {
  return runs.flatMap(({ partition, from, to }) =>
    Array.from({ length: to - from }, (_, index) => place({ partition, offset: from + index })),
  );
}

describe("the journal", () => {
  it("has one entry for each delivered event, with its attempts as the target saw them", async () => {
    const faults = [{ kind: "status", status: 503, share: 0.3 }] as const;
    const world = await createWorld({ apis: { crm: { faults } } });
    const deliverer = await world.deliver();
    await world.emitUpdates(600, 40);
    await world.untilEffects("crm", 600);
    await until("no lag", async () => (await world.lag(deliverer)) === 0);
    await deliverer.end("SIGTERM");

    const { entries, skips } = await journalOf(world);
    const log = await readRaw(world.servers.brokers, world.topic);
    expect(entries.map(place).sort()).toEqual(log.map(place).sort());
    expect(skips).toEqual([]);
    expect(new Set(entries.map(({ outcome }) => outcome))).toEqual(new Set(["delivered"]));

    const seen = Map.groupBy(world.arrivals("crm"), ({ position }) => position);
    expect(seen.size).toBe(600);
    for (const entry of entries) {
      const { attempts, attemptCount, key, type, source } = entry;
      const arrivals = seen.get(`${entry.topic}/${place(entry)}`) ?? [];
      const calls = arrivals.map(({ status, seq }) => ({ status, requestId: `call-${seq}` }));
      expect(attemptCount).toBe(calls.length);
      if (attemptCount <= 8) expect(attempts).toMatchObject(calls);
      expect([typeof key, type, source]).toEqual([
        "string",
        "users.ProfileUpdated",
        "urn:millrace:test",
      ]);
    }
    expect(entries.some(({ attemptCount }) => attemptCount > 2)).toBe(true);
  });

  it("says why an event was dead-lettered, and what is parked behind it", async () => {
    const world = await createWorld({ apis: { crm: { reject: { [SICK]: 422 } } } });
    const deliverer = await world.deliver();
    await world.emitUpdates(40, 10);
    await world.untilEffects("crm", 36);
    await until("no lag", async () => (await world.lag(deliverer)) === 0);
    await deliverer.end("SIGTERM");

    const { entries } = await journalOf(world);
    const sick = entries.filter(({ key }) => key === SICK);
    expect(entries).toHaveLength(40);
    expect(sick[0]).toMatchObject({
      outcome: "dead-lettered",
      reason: "HTTP_REJECTED",
      detail: "HTTP 422",
      attemptCount: 1,
      attempts: [{ end: "HTTP_REJECTED", status: 422 }],
    });
    expect(sick.slice(1).map(({ outcome, reason }) => [outcome, reason])).toEqual(
      Array.from({ length: 3 }, () => ["parked", "KEY_QUARANTINED"]),
    );
  });

  it("tells of filtered events as runs, once each", async () => {
    const filter = "event.type == 'users.ProfileUpdated' && event.data.revision > 9";
    const world = await createWorld({ apis: { crm: {} }, partitions: 2, target: { filter } });
    const deliverer = await world.deliver();
    await world.emitUpdates(500, 50);
    await world.untilEffects("crm", 50);
    await until("no lag", async () => (await world.lag(deliverer)) === 0);
    await deliverer.end("SIGTERM");

    const { entries, skips } = await journalOf(world);
    const log = await readRaw(world.servers.brokers, world.topic);
    const told = [...entries.map(place), ...offsetsOf(skips)];
    expect(entries).toHaveLength(50);
    expect(told.sort()).toEqual(log.map(place).sort());
    expect(skips.length).toBeLessThan(100);
  });

  it("shows bodies where a target asks for them, and no personal value or secret, in the topic, the index and what is told", async () => {
    const secret = "s3cr3t-0f-cr//m";
    const api = await startScriptedTarget();
    api.answer(({ body, headers }) => {
      const received: unknown = JSON.parse(body);
      const { authorization } = headers;
      const told = { title: "no such user", received, raw: body, detail: "ada@example.com?" };
      const echo = body.includes("u-2") ? { ...told, authorization } : told;
      return answerOf(422, { "x-request-id": "call-7" }, JSON.stringify(echo));
    });
    const world = await createWorld({
      apis: { crm: {} },
      target: {
        request: { url: `${api.origin}v1/updates`, body: "= event.data" },
        auth: { type: "bearer", token: secret },
        journal: { bodies: "failures" },
      },
    });
    const deliverer = await world.deliver();
    const person = {
      display_name: "Ada Lovelace",
      email: "ada@example.com",
      phone: "+442079460018",
    };
    const emit = (userId: string) =>
      world.emitter.emit("users.ProfileUpdated", { ...person, userId, revision: 3 });
    const { id } = await emit("u-1");
    await emit("u-2");
    await until("both entries", async () => (await journalOf(world)).entries.length === 2);
    const told = await millrace(["why", id, "-c", world.configPath], { cwd: world.folder });
    await deliverer.end("SIGTERM");

    const { entries } = await journalOf(world);
    const [one, two] = ["u-1", "u-2"].map((user) => entries.find(({ key }) => key === user));
    const masked = { display_name: "***", email: "***", phone: "***", userId: "u-1", revision: 3 };
    expect(JSON.parse(one?.request?.text ?? "null")).toMatchObject(masked);
    expect(one?.attempts).toMatchObject([{ status: 422, requestId: "call-7" }]);
    expect(JSON.parse(one?.attempts[0]?.answer?.text ?? "null")).toMatchObject({
      ...{ title: "no such user", received: masked, raw: "***", detail: "***" },
    });
    expect(two?.attempts[0]?.answer).toMatchObject({ text: null, withheld: "CREDENTIALS" });

    expect(told).toMatchObject({ code: 0, stderr: "" });
    expect(told.stdout).toMatch(
      /attempt 1: HTTP 422 in .*, request id call-7\n {4}sent \d+ bytes: \{/u,
    );
    expect(told.stdout).toMatch(/\n {4}answered \d+ bytes: \{"title":"no such user"/u);
    const pages = await readRaw(world.servers.brokers, `${world.namespace}.deliveries`);
    const folder = join(world.folder, ".millrace", "journal");
    const index = readdirSync(folder).map((file) => readFileSync(join(folder, file), "latin1"));
    const places = [pages.map(({ value }) => String(value)).join(""), index.join(""), told.stdout];
    for (const place of places) {
      // It is where a value would be, too: nothing is compressed away from the look.
      expect(place).toContain("no such user");
      expect(place).not.toMatch(/ada@example|lovelace|44207946|s3cr3t/iu);
    }
  });

  it("stands still while its schema is not registered, says what to run, and holds nothing up", async () => {
    const world = await createWorld({ apis: { crm: {} } });
    const old = await withoutSchema(world);
    const deliverer = await world.deliver("-c", old.configPath);
    await world.emitUpdates(700, 70);
    await world.untilEffects("crm", 700);
    await until("no lag", async () => (await world.lag(deliverer)) === 0);
    await until("the warning", () => deliverer.output().includes("run millrace init -c"));
    expect(await journalOf(old)).toEqual({ entries: [], skips: [] });

    const init = startMillrace(["init", "-c", old.configPath], { ...world, name: "init-again" });
    // The topics are not as init makes them, which it tells; it registers the schema all the same.
    expect(await init.ended()).toBe(3);
    await until("what has waited", async () => (await journalOf(old)).entries.length === 500);
    await world.emitUpdates(30, 30);
    await until("what came later", async () => (await journalOf(old)).entries.length === 530);
    expect(await deliverer.end("SIGTERM")).toBe(0);
  });
});
