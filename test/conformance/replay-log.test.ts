import {
  asOffset,
  asPartition,
  asTopic,
  type ReplayLog,
  type ReplayPage,
  type ReplaySlice,
  type TopicPartition,
} from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { WORLDS, type KafkaWorld } from "../support/kafka-world.ts";

interface Bundle {
  readonly world: KafkaWorld;
  readonly place: TopicPartition;
  readonly log: ReplayLog;
}

const PAGE: ReplayPage = { countMax: 10, bytesMax: 1_048_576 };

/** A topic of two partitions; `values` stand in the second one. */
async function setup(create: () => KafkaWorld, ...values: readonly string[]): Promise<Bundle> {
  const world = create();
  const topic = await world.topic(2);
  const place = { topic, partition: asPartition(1) };
  const records = values.map((value) => ({ key: Buffer.from("k"), value: Buffer.from(value) }));
  if (records.length > 0) await world.write(place, records);
  return { world, place, log: world.replayLog() };
}

async function read(
  { log, place }: Bundle,
  [from, to]: readonly [number, number],
  page: Partial<ReplayPage> = {},
): Promise<unknown> {
  const range = { ...place, from: asOffset(from), to: asOffset(to) };
  return shown(await log.read(range, { ...PAGE, ...page }));
}

/** Values and where to go on, or the ends of a log that does not hold the range. */
function shown(slice: ReplaySlice): unknown {
  if (slice.kind === "gone") return slice;
  const values = slice.records.map(({ value }) => Buffer.from(value ?? []).toString());
  return { values, next: slice.next };
}

/** What every replay log must do, whatever it reads. */
describe.each(WORLDS)("a replay log %s", (_, create) => {
  it("gives the records of its range and none beside it", async () => {
    const bundle = await setup(create, "a", "b", "c", "d");

    expect(await read(bundle, [1, 3])).toEqual({ values: ["b", "c"], next: 3 });
  });

  it("gives no more at once than is asked for, and says where to go on", async () => {
    const bundle = await setup(create, "a", "b", "c", "d");

    expect(await read(bundle, [0, 4], { countMax: 2 })).toEqual({ values: ["a", "b"], next: 2 });
    expect(await read(bundle, [2, 4], { bytesMax: 1 })).toEqual({ values: ["c"], next: 3 });
  });

  it("passes over offsets that hold no record, also at the end of its range", async () => {
    const bundle = await setup(create, "a");
    await bundle.world.hide(bundle.place);

    expect(await read(bundle, [0, 2])).toEqual({ values: ["a"], next: 2 });
    expect(await read(bundle, [1, 2])).toEqual({ values: [], next: 2 });
  });

  it("says when retention has passed the beginning of its range", async () => {
    const bundle = await setup(create, "a", "b", "c");
    await bundle.world.truncate(bundle.place, asOffset(2));

    const gone = { kind: "gone", logStartOffset: 2, logEndOffset: 3 };
    expect(await read(bundle, [0, 3])).toEqual(gone);
    expect(await read(bundle, [2, 3])).toEqual({ values: ["c"], next: 3 });
  });

  it("says when the log ends below its range", async () => {
    const bundle = await setup(create, "a");

    const gone = { kind: "gone", logStartOffset: 0, logEndOffset: 1 };
    expect(await read(bundle, [0, 2])).toEqual(gone);
  });

  it("says when a topic does not exist", async () => {
    const { log } = await setup(create);
    const place = { topic: asTopic("conformance-missing"), partition: asPartition(0) };
    const range = { ...place, from: asOffset(0), to: asOffset(1) };

    await expect(log.read(range, PAGE)).rejects.toMatchObject({ code: "TOPIC_MISSING" });
  });

  it("closes more than once", async () => {
    const { log } = await setup(create);

    await log.close();
    await log.close();
  });
});
