import {
  asOffset,
  asPartition,
  asTopic,
  type Offset,
  type ParkedLog,
  type Topic,
  type TopicPartition,
} from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { WORLDS, type KafkaWorld } from "../support/kafka-world.ts";

interface Bundle {
  readonly world: KafkaWorld;
  readonly topic: Topic;
  readonly place: TopicPartition;
  readonly log: ParkedLog;
}

/** A topic of two partitions; `values` stand in the second one. */
async function setup(create: () => KafkaWorld, ...values: readonly string[]): Promise<Bundle> {
  const world = create();
  const topic = await world.topic(2);
  const place = { topic, partition: asPartition(1) };
  const records = values.map((value) => ({ key: Buffer.from("k"), value: Buffer.from(value) }));
  if (records.length > 0) await world.write(place, records);
  return { world, topic, place, log: world.parkedLog() };
}

async function read(
  { log, place }: Bundle,
  from: number,
  countMax = 10,
): Promise<{ values: string[]; offsets: Offset[]; next: number; isEnd: boolean }> {
  const { records, next, isEnd } = await log.read(place, asOffset(from), countMax);
  const values = records.map(({ value }) => Buffer.from(value ?? []).toString());
  return { values, offsets: records.map(({ offset }) => offset), next, isEnd };
}

/** What every parked log must do, whatever it reads. */
describe.each(WORLDS)("a parked log %s", (_, create) => {
  it("gives records from an offset on, as many as are asked for, and says where to go on", async () => {
    const bundle = await setup(create, "a", "b", "c", "d");

    expect(await read(bundle, 1, 2)).toEqual({
      values: ["b", "c"],
      offsets: [1, 2],
      next: 3,
      isEnd: false,
    });
    expect(await read(bundle, 3)).toMatchObject({ values: ["d"], next: 4, isEnd: true });
  });

  it("gives nothing at the end, and what is written after", async () => {
    const bundle = await setup(create, "a");
    expect(await read(bundle, 1)).toMatchObject({ values: [], next: 1, isEnd: true });

    const { topic, partition } = bundle.place;
    await bundle.world
      .sink()
      .append([
        { topic, partition, key: null, value: Buffer.from("b"), headers: { h: Buffer.from("1") } },
      ]);

    expect(await read(bundle, 1)).toMatchObject({ values: ["b"], next: 2, isEnd: true });
  });

  it("begins where the log does when its start was deleted", async () => {
    const bundle = await setup(create, "a", "b", "c");
    await bundle.world.truncate(bundle.place, asOffset(2));

    expect(await read(bundle, 0)).toMatchObject({ values: ["c"], offsets: [2], isEnd: true });
  });

  it("passes over offsets that hold no record", async () => {
    const bundle = await setup(create, "a");
    await bundle.world.hide(bundle.place);

    const { values, isEnd } = await read(bundle, 0);
    expect({ values, isEnd }).toEqual({ values: ["a"], isEnd: true });
  });

  it("reads an empty partition", async () => {
    const bundle = await setup(create);

    expect(await read(bundle, 0)).toMatchObject({ values: [], next: 0, isEnd: true });
  });

  it("says when a topic does not exist", async () => {
    const { log } = await setup(create);
    const place = { topic: asTopic("conformance-missing"), partition: asPartition(0) };

    await expect(log.read(place, asOffset(0), 1)).rejects.toMatchObject({ code: "TOPIC_MISSING" });
  });

  it("closes more than once", async () => {
    const { log } = await setup(create);

    await log.close();
    await log.close();
  });
});
