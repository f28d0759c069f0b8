/** What `millrace why` tells of events on real Kafka, against what was done to them and what the targets saw. */
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { EventStory, StoryStep, TargetStory } from "@millrace/diagnosis";
import { describe, expect, it } from "vitest";
import { itemsOf, millrace, type CommandResult } from "../support/cli-command.ts";
import { createWorld, type World } from "../support/delivery-world.ts";
import { until } from "../support/until.ts";

const SICK = "user-1";
const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";

function run(world: World, ...args: readonly string[]): Promise<CommandResult> {
  return millrace([...args, "-c", world.configPath], { cwd: world.folder });
}

/** The stories of what is asked about. */
async function why(world: World, what: string): Promise<readonly EventStory[]> {
  const { code, stdout, stderr } = await run(world, "why", what, "-o", "json");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the command's output contract
  return itemsOf(stdout) as unknown as readonly EventStory[];
}

/** The only story. */
async function storyOf(world: World, what: string): Promise<EventStory> {
  const [story, ...others] = await why(world, what);
  expect(others).toEqual([]);
  if (story === undefined) throw new Error(`there is no story of ${what}`);
  return story;
}

function at(story: EventStory, name: string): TargetStory {
  const found = story.targets.find(({ target }) => target === name);
  if (found === undefined) throw new Error(`the story tells nothing of ${name}`);
  return found;
}

const kinds = (steps: readonly StoryStep[]): string[] => steps.map(({ kind }) => kind);

const attemptsIn = (steps: readonly StoryStep[]) => steps.filter((step) => step.kind === "attempt");

/** Emits an update of a user; resolves to where it stands. */
async function emit(
  world: World,
  user: string,
  of: { readonly id?: string; readonly causationid?: string } = {},
): Promise<{ readonly id: string; readonly place: string }> {
  const { id: wanted, causationid } = of;
  const data = {
    ...{ userId: user, display_name: "Name", email: `${user}@example.com`, revision: 1 },
  };
  const { id, topic, partition, offset } = await world.emitter.emit("users.ProfileUpdated", data, {
    ...(wanted === undefined ? {} : { id: wanted }),
    ...(causationid === undefined ? {} : { extensions: { causationid } }),
    traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01`,
  });
  return { id, place: `${topic}:${partition}:${offset}` };
}

describe("millrace why of an event", () => {
  it("tells of one that is delivered after retries at one target and after a pause at another, first how it stands, then how it ended", async () => {
    const unwell = { faults: [{ kind: "status", status: 503, share: 1 }] } as const;
    const breaker = { window: "10s", errorRatio: 0.9, minCalls: 100, halfOpenAfter: "1s" };
    const retry = { base: "100ms", cap: "500ms" };
    const world = await createWorld({
      ...{ apis: { crm: unwell, audit: {} }, target: { retry, breaker } },
    });
    const deliverer = await world.deliver();
    await deliverer.ready();
    const by = ["--by", "lee", "--reason", "audit"] as const;
    expect((await run(world, "targets", "pause", "audit", ...by)).code).toBe(0);
    const { id, place } = await emit(world, SICK, { causationid: "cause-1" });
    await until("two refusals", () => world.arrivals("crm").length >= 2);

    const open = await storyOf(world, id);
    expect(open).toMatchObject({
      ...{ place, otherPlaces: [], record: "present", key: SICK },
      event: { id, source: "urn:millrace:test", type: "users.ProfileUpdated" },
      chain: { causationId: "cause-1", traceId: TRACE_ID },
    });
    expect(at(open, "crm")).toMatchObject({ outcome: "in-progress", settledAt: null, steps: [] });
    expect(at(open, "crm").lane?.lastFailure).toMatchObject({ status: 503 });
    expect(at(open, "crm").attempts).toBeGreaterThanOrEqual(1);
    expect(at(open, "crm").causes).not.toEqual([]);
    expect(["waiting", "not-read"]).toContain(at(open, "audit").outcome);
    expect(at(open, "audit").causes[0]).toMatchObject({ kind: "paused", details: { by: "lee" } });

    await world.api("crm").script({});
    expect((await run(world, "targets", "resume", "audit")).code).toBe(0);
    await world.untilEffects("crm", 1);
    await world.untilEffects("audit", 1);
    await until("no lag", async () => (await world.lag(deliverer)) === 0);

    const told = await storyOf(world, place);
    const calls = attemptsIn(at(told, "crm").steps);
    const seen = world.arrivals("crm");
    expect(told.targets.map(({ outcome }) => outcome)).toEqual(["delivered", "delivered"]);
    expect(at(told, "crm").attempts).toBe(seen.length);
    expect(calls[0]).toMatchObject({ number: 1, end: "HTTP_STATUS", status: 503, job: null });
    expect(calls[0]?.retryInMs).toBeGreaterThanOrEqual(0);
    expect(calls.map(({ requestId }) => requestId)).toEqual(seen.map(({ seq }) => `call-${seq}`));
    expect(calls.at(-1)).toMatchObject({ number: seen.length, status: 200, retryInMs: null });
    expect(kinds(at(told, "crm").steps).at(-1)).toBe("delivered");
    expect(at(told, "audit").steps[0]).toMatchObject({
      ...{ kind: "waited", behind: { kind: "pause", by: "lee", reason: "audit" } },
    });
    expect(kinds(at(told, "audit").steps)).toEqual(["waited", "attempt", "delivered"]);

    const text = await run(world, "why", id);
    expect({ code: text.code, stderr: text.stderr }).toEqual({ code: 0, stderr: "" });
    expect(text.stdout).toContain(`event ${id}, users.ProfileUpdated\n${place}, key ${SICK}\n`);
    expect(text.stdout).toContain("caused by event cause-1: millrace why cause-1\n");
    expect(text.stdout).toMatch(
      / {2}\S+Z {2}attempt 1: HTTP 503 in \d.*, request id call-\d+, retry in \d/u,
    );
    expect(text.stdout).toMatch(/while the target was paused by lee: audit\n/u);
    expect({ ...(await storyOf(world, id)), at: told.at }).toEqual(told);
  });

  it("tells of a dead letter and of what is parked behind it, then of their redrive; it needs no process, and its index may be deleted", async () => {
    const world = await createWorld({ apis: { crm: { reject: { [SICK]: 422 } } } });
    const deliverer = await world.deliver();
    await deliverer.ready();
    const dead = await emit(world, SICK);
    const parked = await emit(world, SICK);
    await until("both aside", async () => {
      const [story] = await why(world, parked.place);
      return story?.targets[0]?.outcome === "parked";
    });

    const given = at(await storyOf(world, dead.id), "crm");
    expect(given).toMatchObject({ outcome: "dead-lettered", attempts: 1, behind: null });
    expect(given.next).toContain(`millrace dlq redrive --target crm --id ${dead.id}`);
    expect(given.steps.slice(-2)).toMatchObject([
      { kind: "attempt", number: 1, end: "HTTP_REJECTED", status: 422 },
      { kind: "dead-lettered", reason: "HTTP_REJECTED", redrives: 0 },
    ]);
    const letter = given.steps.find((step) => step.kind === "dead-lettered")?.letter;
    expect(letter).toMatch(new RegExp(`^${world.namespace}\\.crm\\.dead:\\d+:0$`, "u"));
    const waiting = at(await storyOf(world, parked.id), "crm");
    expect(waiting).toMatchObject({ outcome: "parked", attempts: 0, behind: dead.place });
    expect(waiting.steps.at(-1)).toMatchObject({ kind: "parked", behind: dead.place });
    expect(waiting.next).toContain(`millrace why ${dead.place}`);

    await world.api("crm").script({});
    const wish = ["--by", "dana", "--reason", "mapping fixed", "--yes"] as const;
    expect((await run(world, "dlq", "redrive", "--target", "crm", ...wish)).code).toBe(0);
    await world.untilEffects("crm", 2);
    expect(await deliverer.end("SIGTERM")).toBe(0);

    const sent = await storyOf(world, dead.id);
    const freed = await storyOf(world, parked.id);
    const asked = { kind: "redrive-wanted", by: "dana", reason: "mapping fixed", of: dead.place };
    expect(at(sent, "crm")).toMatchObject({ outcome: "delivered", attempts: 2, next: null });
    expect(at(sent, "crm").steps.slice(-5)).toMatchObject([
      { kind: "attempt", status: 422 },
      { kind: "dead-lettered", letter },
      asked,
      { kind: "attempt", number: 1, status: 200 },
      { kind: "delivered" },
    ]);
    expect(at(freed, "crm")).toMatchObject({ outcome: "delivered", behind: null });
    expect(at(freed, "crm").steps.slice(-4)).toMatchObject([
      { kind: "parked", behind: dead.place },
      asked,
      { kind: "attempt", status: 200 },
      { kind: "delivered" },
    ]);

    rmSync(join(world.folder, ".millrace", "journal"), { recursive: true });
    expect({ ...(await storyOf(world, dead.id)), at: sent.at }).toEqual(sent);
  });

  it("tells a story for each record of an id, and of an id that nothing knows where it was looked for", async () => {
    const world = await createWorld({ apis: { crm: {} } });
    const deliverer = await world.deliver();
    const [one, two] = [
      await emit(world, "a", { id: "order-17" }),
      await emit(world, "b", { id: "order-17" }),
    ];
    // They are one delivery to the target: both calls carry one Idempotency-Key.
    await until("both calls", () => world.arrivals("crm").length === 2);
    await until("no lag", async () => (await world.lag(deliverer)) === 0);

    const stories = await why(world, "order-17");
    const places = stories.map(({ place, otherPlaces }) => [place, otherPlaces]);
    expect(places.sort()).toEqual(
      [
        [one.place, [two.place]],
        [two.place, [one.place]],
      ].sort(),
    );
    expect(stories.map(({ targets }) => targets[0]?.outcome)).toEqual(["delivered", "delivered"]);

    const lost = randomUUID();
    const unknown = await run(world, "why", lost, "-o", "json");
    expect(unknown).toMatchObject({ code: 4, stdout: "" });
    expect(unknown.stderr).toContain(
      `nothing is known of ${lost}: it is not in the journal (2 entries since `,
    );
    expect(unknown.stderr).toContain("not in the dead letters of crm");
    expect(unknown.stderr).toContain(`not in 2 records of ${world.topic} (the newest ones)`);

    const above = await run(world, "why", `${world.topic}:0:99`);
    expect(above).toMatchObject({ code: 4, stdout: "" });
    expect(above.stderr).toContain(`${world.topic}:0 has no offset 99 yet`);
    const slip = await run(world, "why", "crn");
    expect(slip).toMatchObject({ code: 4, stdout: "" });
    expect(slip.stderr).toContain("did you mean crm?");
  });
});
