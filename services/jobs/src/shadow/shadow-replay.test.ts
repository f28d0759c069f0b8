import {
  asOffset,
  asPartition,
  asTopic,
  type EventPreparer,
  type Preparation,
  type SourceRecord,
} from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { ShadowReplay, type ShadowSide } from "./shadow-replay.ts";

const FILTERED: Preparation = { kind: "filtered" };

function recordAt(offset: number): SourceRecord {
  const place = { topic: asTopic("t"), partition: asPartition(0), offset: asOffset(offset) };
  const headers = {
    ce_specversion: "1.0",
    ce_id: `e${offset}`,
    ce_source: "urn:t",
    ce_type: "t.Event",
  };
  const bytes = Object.entries(headers).map(([name, value]) => [name, Buffer.from(value)] as const);
  return {
    ...place,
    ...{ timestampMs: 0, key: null, value: Buffer.from("v") },
    headers: Object.fromEntries(bytes),
  };
}

function about(record: SourceRecord, request: object | null): object {
  return { record, id: null, source: null, type: null, request };
}

/** What a preparer says of a record that becomes a call with this body. */
function sent(record: SourceRecord, body: unknown): Preparation {
  const headers = { "content-type": "application/json", "idempotency-key": "k" };
  const call = { method: "POST", url: "http://t/", headers, timeoutMs: 1 };
  const event = about(record, { ...call, body: JSON.stringify(body) });
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- only these parts are compared
  return { kind: "ready", verdict: { kind: "deliver" }, event } as Preparation;
}

function failed(record: SourceRecord, detail: string): Preparation {
  const verdict = { kind: "undeliverable", reason: "MAPPING_FAILED", detail };
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- only these parts are compared
  return { kind: "ready", verdict, event: about(record, null) } as Preparation;
}

type Prepare = (record: SourceRecord) => Preparation;

function side(prepare: Prepare, probe: Prepare = prepare): ShadowSide {
  const preparerOf = (one: Prepare): EventPreparer => ({
    prepare: one,
    loadSchema: () => Promise.reject(new Error("no schema is needed")),
  });
  const probes = [preparerOf(probe), preparerOf(probe)] as const;
  return { preparer: preparerOf(prepare), probes, maskText: (text) => text.replace("s3cret", "*") };
}

function replayOf(before: Prepare, after: Prepare): ShadowReplay {
  const sides = { before: side(before), after: side(after) };
  return new ShadowReplay(sides, { groupsMax: 10, samplesMax: 2 });
}

const records = (count: number): readonly SourceRecord[] =>
  Array.from({ length: count }, (_, offset) => recordAt(offset));

describe("ShadowReplay", () => {
  it("accounts for every record, by what became of it", async () => {
    const outcomes: readonly (readonly [Prepare, Prepare])[] = [
      [(record) => sent(record, 1), (record) => sent(record, 1)],
      [() => FILTERED, () => FILTERED],
      [(record) => failed(record, "x"), (record) => failed(record, "x")],
      [(record) => sent(record, 1), (record) => sent(record, 2)],
      [(record) => sent(record, 1), () => FILTERED],
      [() => FILTERED, (record) => sent(record, 1)],
      [(record) => sent(record, 1), (record) => failed(record, "x")],
      [(record) => failed(record, "x"), (record) => sent(record, 1)],
      [(record) => failed(record, "x"), (record) => failed(record, "y")],
    ];
    const choose =
      (side: 0 | 1): Prepare =>
      (record) =>
        outcomes[record.offset]?.[side](record) ?? FILTERED;
    const replay = replayOf(choose(0), choose(1));

    await replay.take(records(outcomes.length));

    const { recordCount, unchanged, changed, groups } = replay.result;
    expect(recordCount).toBe(outcomes.length);
    expect(unchanged).toEqual({ sent: 1, filtered: 1, undeliverable: 1 });
    expect(changed).toEqual({
      "request-changed": 1,
      "newly-filtered": 1,
      "no-longer-filtered": 1,
      "newly-undeliverable": 1,
      "no-longer-undeliverable": 1,
      "undeliverable-otherwise": 1,
    });
    expect(groups.map(({ count }) => count)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it("shows the first records of a group as both sides make them", async () => {
    const replay = replayOf(
      (record) => sent(record, { n: record.offset, token: "s3cret" }),
      (record) => sent(record, { n: -1 - record.offset, token: "s3cret" }),
    );

    await replay.take(records(3));

    const [group] = replay.result.groups;
    expect(group).toMatchObject({ change: "request-changed", text: "body: ~ /n", count: 3 });
    expect(group?.samples).toMatchObject([
      {
        ...{ topic: "t", partition: 0, offset: 0, id: "e0", type: "t.Event" },
        before: { outcome: "sent", body: '{"n":0,"token":"*"}' },
        after: { outcome: "sent", body: '{"n":-1,"token":"*"}' },
      },
      { offset: 1 },
    ]);
    expect(replay.result.comparedHeaders).toEqual(["content-type"]);
  });

  it("masks what a probe with other personal data makes otherwise, names too", async () => {
    const before = (record: SourceRecord): Preparation => sent(record, { kept: 1 });
    const after = (who: string) => (record: SourceRecord) =>
      sent(record, { kept: 1, mail: who, byName: { [who]: true } });
    const sides = { before: side(before), after: side(after("ann"), after("***")) };
    const replay = new ShadowReplay(sides, { groupsMax: 10, samplesMax: 1 });

    await replay.take(records(1));

    expect(JSON.stringify(replay.result)).not.toContain("ann");
    expect(replay.result.groups[0]?.samples[0]?.after).toMatchObject({
      body: '{"kept":1,"mail":"***","byName":{"***":"***"}}',
    });
  });

  it("loads the schema that one side needs, and goes on", async () => {
    const loaded = new Set<number>();
    const preparer: EventPreparer = {
      prepare: (record) =>
        loaded.has(7) ? sent(record, 1) : { kind: "schema-needed", schemaId: 7 },
      loadSchema: (schemaId) => Promise.resolve(void loaded.add(schemaId)),
    };
    const before = side((record) => sent(record, 1));
    const after = { ...before, preparer };
    const replay = new ShadowReplay({ before, after }, { groupsMax: 1, samplesMax: 1 });

    await replay.take(records(2));

    expect([...loaded]).toEqual([7]);
    expect(replay.result.unchanged.sent).toBe(2);
  });

  it("says that a schema cannot be had rather than passing its records over", async () => {
    const preparer: EventPreparer = {
      prepare: () => ({ kind: "schema-needed", schemaId: 7 }),
      loadSchema: () => Promise.resolve(),
    };
    const before = side((record) => sent(record, 1));
    const sides = { before, after: { ...before, preparer } };
    const replay = new ShadowReplay(sides, { groupsMax: 1, samplesMax: 1 });

    await expect(replay.take(records(1))).rejects.toMatchObject({ code: "REGISTRY_UNREACHABLE" });
  });
});
