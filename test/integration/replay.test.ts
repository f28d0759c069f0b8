/** A replay on real Kafka: the production driver and the adapters of @millrace/kafka, a target in this process. */
import {
  asJob,
  asOffset,
  asPartition,
  asTarget,
  DEFAULTS,
  NO_TELEMETRY,
  systemClock,
  systemEntropy,
  TargetDriver,
  type AttemptRequest,
  type AttemptSender,
  type EventPreparer,
  type Topic,
  type TopicPartition,
} from "@millrace/engine";
import { describe, expect, it, onTestFinished } from "vitest";
import { RealWorld } from "../support/kafka-world.ts";
import { until } from "../support/until.ts";

const COUNT = 600;
const KEY_COUNT = 30;
const JOB = asJob("repair-1");

/** A target that answers soon, and remembers in what order events of the log came. */
class Api implements AttemptSender {
  readonly live: number[] = [];
  readonly replayed: number[] = [];
  /** Calls of the replay that are still answered. */
  answersMax = Infinity;

  send({ headers }: AttemptRequest, onResult: Parameters<AttemptSender["send"]>[1]): () => void {
    const offset = Number(headers["millrace-position"]?.split("/")[2]);
    const isReplay = headers["millrace-replay"] === JOB;
    const isAnswered = !isReplay || this.answersMax > 0;
    if (isReplay) this.answersMax -= 1;
    const give = (): void => {
      if (isAnswered) (isReplay ? this.replayed : this.live).push(offset);
      onResult(
        isAnswered ? { kind: "delivered", status: 204 } : { kind: "abandoned", ambiguous: true },
      );
    };
    if (isAnswered) setTimeout(give, 1);
    return isAnswered ? () => undefined : give;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const preparer: EventPreparer = {
  prepare: (record) => ({
    kind: "ready",
    verdict: { kind: "deliver" },
    event: {
      record,
      ...{ id: String(record.offset), source: "urn:test", type: "t", tenant: "default" },
      ...{ traceparent: null, tracestate: null, mappingRevision: "r1" },
      request: {
        ...{ method: "PUT", url: "https://api.example.com/", body: null, timeoutMs: 5_000 },
        headers: { "idempotency-key": `key-${record.offset}` },
      },
    },
  }),
  loadSchema: () => Promise.resolve(),
};

interface Bundle {
  readonly world: RealWorld;
  readonly groupId: string;
  readonly place: TopicPartition;
  readonly stateTopic: Topic;
  readonly ownTopic: Topic;
}

async function setup(): Promise<Bundle> {
  const world = new RealWorld();
  const topic = await world.topic(1);
  const place = { topic, partition: asPartition(0) };
  const [stateTopic, ownTopic] = [await world.topic(1), await world.topic(1)];
  return { world, groupId: world.groupId(), place, stateTopic, ownTopic };
}

/** A delivery process of its own, as far as Kafka can tell. */
async function deliver({ world, groupId, place, stateTopic, ownTopic }: Bundle, api: Api) {
  const failures: Error[] = [];
  const driver = new TargetDriver(
    {
      ...{ target: asTarget("crm"), groupId, engine: DEFAULTS, startAt: { kind: "earliest" } },
      ...{ deadTopic: ownTopic, parkedTopic: ownTopic, journalTopic: ownTopic },
      ...{ mappingRevision: "r1", processId: `p-${Math.trunc(performance.now())}` },
    },
    {
      source: world.source(groupId, [place.topic]),
      ...{ sink: world.sink(), journalSink: world.sink(), stateLog: world.stateLog(stateTopic) },
      ...{ parkedLog: world.parkedLog(), replayLog: world.replayLog(), sender: api, preparer },
      ...{ clock: systemClock, entropy: systemEntropy(), telemetry: NO_TELEMETRY },
    },
    (error) => failures.push(error),
  );
  onTestFinished(() => driver.stop(0));
  await driver.start();
  return driver;
}

async function emit({ world, place }: Bundle): Promise<void> {
  const records = Array.from({ length: COUNT }, (_, index) => ({
    key: Buffer.from(`k${index % KEY_COUNT}`),
    value: Buffer.from(`v${index}`),
  }));
  await world.write(place, records);
}

/** Offsets of a key that came before a lower one of it. */
function disordered(offsets: readonly number[]): number[] {
  const highest = new Map<number, number>();
  return offsets.filter((offset) => {
    const key = offset % KEY_COUNT;
    const before = highest.get(key) ?? -1;
    highest.set(key, Math.max(before, offset));
    return offset < before;
  });
}

describe("a replay on Kafka", () => {
  it("sends exactly its range, in order, through a change of owner, and leaves the group's offsets alone", async () => {
    const bundle = await setup();
    const { world, groupId, place } = bundle;
    const api = new Api();
    await emit(bundle);
    const first = await deliver(bundle, api);
    const committed = async () => (await world.committed(groupId, place))?.offset;
    await until("the live events to be committed", async () => (await committed()) === COUNT);

    const order = { job: JOB, mode: "repair", ...place } as const;
    const range = { from: asOffset(100), to: asOffset(500) };
    api.answersMax = 150;
    first.replay({ ...order, ...range });
    await until("half of the replay", () => api.replayed.length === 150);
    await first.stop(0);
    expect(await committed()).toBe(COUNT);

    api.answersMax = Infinity;
    const second = await deliver(bundle, api);
    second.replay({ ...order, ...range });
    await until("the replay to be through", () => second.replays[0]?.stage === "ended");

    expect(second.replays[0]?.step).toMatchObject({
      end: "done",
      counts: { sent: 400, skipped: {}, failed: {} },
    });
    const sent = api.replayed.toSorted((one, other) => one - other);
    expect(sent).toEqual(Array.from({ length: 400 }, (_, index) => 100 + index));
    expect(disordered(api.replayed)).toEqual([]);
    expect(api.live).toHaveLength(COUNT);
    expect(await committed()).toBe(COUNT);
  });

  it("lets live events of the same keys go between, in their own order", async () => {
    const bundle = await setup();
    const { world, groupId, place } = bundle;
    const api = new Api();
    await emit(bundle);
    const driver = await deliver(bundle, api);
    const committed = async () => (await world.committed(groupId, place))?.offset;
    await until("the live events to be committed", async () => (await committed()) === COUNT);

    driver.replay({
      ...{ job: JOB, mode: "repair", ...place },
      ...{ from: asOffset(0), to: asOffset(COUNT) },
    });
    await emit(bundle);
    await until("the replay to be through", () => driver.replays[0]?.stage === "ended");
    await until("the live events to be committed", async () => (await committed()) === 2 * COUNT);

    expect(api.replayed).toHaveLength(COUNT);
    expect(api.live).toHaveLength(2 * COUNT);
    expect(disordered(api.live)).toEqual([]);
    expect(disordered(api.replayed)).toEqual([]);
  });
});
