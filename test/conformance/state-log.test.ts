import {
  asOffset,
  asPartition,
  type StateLog,
  type Topic,
  type TopicPartition,
} from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { WORLDS, type KafkaWorld } from "../support/kafka-world.ts";

interface Bundle {
  readonly world: KafkaWorld;
  readonly topic: Topic;
  readonly place: TopicPartition;
  readonly log: StateLog;
}

async function setup(create: () => KafkaWorld): Promise<Bundle> {
  const world = create();
  const topic = await world.topic(1);
  const place = { topic, partition: asPartition(0) };
  return { world, topic, place, log: world.stateLog(topic) };
}

/** Writes one value and reads up to it. */
async function put(log: StateLog, key: string, value: unknown): Promise<number> {
  const [offset] = await log.append([{ key, value }]);
  if (offset === undefined) throw new Error("no offset was given");
  await log.readTo(offset);
  return offset;
}

/** What every state log must do, whatever it is kept in. */
describe.each(WORLDS)("a state log %s", (_, create) => {
  it("shows its own writes once it has read up to them, with where they stand", async () => {
    const { log } = await setup(create);

    const offsets = await log.append([
      { key: "claim/a", value: { epoch: 1 } },
      { key: "claim/b", value: [1, "two", null] },
      { key: "claim/a", value: { epoch: 2 } },
    ]);
    await log.readTo(asOffset(Math.max(...offsets)));

    expect(offsets).toEqual([0, 1, 2]);
    expect(log.get("claim/a")).toEqual({ offset: 2, value: { epoch: 2 } });
    expect(log.get("claim/b")).toEqual({ offset: 1, value: [1, "two", null] });
    expect(log.get("claim/c")).toBeUndefined();
  });

  it("shows all that others wrote before its own write", async () => {
    const { world, topic, log } = await setup(create);
    const other = world.stateLog(topic);
    await put(other, "marker", "first");
    await put(log, "own", 1);
    await other.append([{ key: "marker", value: "second" }]);

    await put(log, "own", 2);

    expect(log.get("marker")).toEqual({ offset: 2, value: "second" });
  });

  it("reads everything from the start when it is opened anew", async () => {
    const { world, topic, log } = await setup(create);
    await log.append(
      Array.from({ length: 3_000 }, (_, n) => ({ key: `key/${n % 100}`, value: n })),
    );

    const other = world.stateLog(topic);
    await put(other, "end", true);

    expect(other.list("key/")).toHaveLength(100);
    expect(other.get("key/99")).toEqual({ offset: 2_999, value: 2_999 });
  });

  it("lists live keys by their beginning", async () => {
    const { log } = await setup(create);
    await put(log, "claim/a", 1);
    await put(log, "claim/b", 2);
    await put(log, "claims", 3);

    const listed = log.list("claim/").map(([key, { value }]) => [key, value]);

    expect(listed.sort()).toEqual([
      ["claim/a", 1],
      ["claim/b", 2],
    ]);
    expect(log.list("")).toHaveLength(3);
  });

  it("forgets a key that was deleted, and takes it up again", async () => {
    const { log } = await setup(create);
    await put(log, "claim/a", 1);

    await put(log, "claim/a", null);
    expect(log.get("claim/a")).toBeUndefined();
    expect(log.list("claim/")).toEqual([]);

    await put(log, "claim/a", 2);
    expect(log.get("claim/a")).toEqual({ offset: 2, value: 2 });
  });

  it("passes over offsets that hold no record, and over what is not its own", async () => {
    const { world, place, log } = await setup(create);
    await put(log, "claim/a", 1);
    await world.hide(place);
    await world.write(place, [
      { key: Buffer.from("claim/a"), value: Buffer.from("no json {") },
      { key: null, value: Buffer.from("1") },
    ]);

    await put(log, "claim/b", 2);

    expect(log.get("claim/a")).toEqual({ offset: 0, value: 1 });
    expect(log.get("claim/b")?.value).toBe(2);
  });

  it("begins where the log begins when its start was deleted", async () => {
    const { world, topic, place, log } = await setup(create);
    await log.append([
      { key: "old", value: 1 },
      { key: "new", value: 2 },
    ]);
    await world.truncate(place, asOffset(1));

    const other = world.stateLog(topic);
    await put(other, "end", true);

    expect(other.get("old")).toBeUndefined();
    expect(other.get("new")).toEqual({ offset: 1, value: 2 });
  });

  it("has nothing to do for an offset it has read already", async () => {
    const { log } = await setup(create);
    const offset = asOffset(await put(log, "a", 1));

    await log.readTo(offset);
    await log.readTo(asOffset(0));

    expect(log.get("a")?.value).toBe(1);
  });

  it("closes more than once", async () => {
    const { log } = await setup(create);
    await put(log, "a", 1);

    await log.close();
    await log.close();
  });
});
