import { describe, expect, it } from "vitest";
import { MemoryStateLog } from "../../../testing/memory-ports.ts";
import { asOffset, asTarget } from "../../core/lanes/identity.ts";
import { listSetAside } from "./set-aside-keys.ts";

interface Entry {
  readonly key: string;
  readonly value: unknown;
}

const claim = (name: string, partition = 0): Entry => {
  return { key: `claim/crm/users/${partition}/${name}`, value: { v: 1 } };
};

const marker = (key: string, of: { epoch: number; offset: number; kind?: string }): Entry => ({
  key: `marker/crm/users/0/${of.epoch}/${Buffer.from(key).toString("base64url")}/${of.offset}`,
  value: {
    ...{ v: 1, kind: of.kind ?? "quarantine", offset: of.offset, redriveCount: 1, keyCount: 0 },
    ...{ dead: { partition: 0, offset: 7 }, at: "2026-01-01T00:00:00.000Z" },
  },
});

/** How far the way back from the marker at offset 5 has come. */
const progress = (key: string, { next, write }: { next: number; write: number }): Entry => ({
  key: `progress/crm/users/0/0/${Buffer.from(key).toString("base64url")}/${write}`,
  value: { v: 1, marker: { epoch: 0, offset: 5 }, next, cursor: null },
});

async function listed(...entries: Entry[]) {
  const stateLog = new MemoryStateLog([...entries]);
  await stateLog.readTo(asOffset(entries.length));
  return listSetAside(stateLog, asTarget("crm"));
}

describe("keys set aside, as others see them", () => {
  it("are told with where their dead letter stands, and since when they wait", async () => {
    expect(await listed(claim("p1"), marker("a", { epoch: 0, offset: 5 }))).toEqual([
      {
        ...{ topic: "users", partition: 0, kind: "quarantine", key: "a", offset: 5 },
        ...{ firstEpoch: 0, next: 5, redriveCount: 1, dead: { partition: 0, offset: 7 } },
        since: "2026-01-01T00:00:00.000Z",
      },
    ]);
  });

  it("leave out what was released, what an overtaken owner wrote, and other targets", async () => {
    const keys = await listed(
      ...[claim("p1"), marker("a", { epoch: 0, offset: 5 }), marker("b", { epoch: 0, offset: 6 })],
      ...[marker("b", { epoch: 0, offset: 9, kind: "released" }), claim("p2")],
      marker("c", { epoch: 0, offset: 8 }),
      { key: "marker/audit/users/0/0/YQ/1", value: { v: 1, kind: "quarantine", offset: 1 } },
    );

    expect(keys.map(({ key }) => key)).toEqual(["a"]);
  });

  it("are told with how far their way back has come, by whoever owned it then", async () => {
    const marked = [claim("p1"), marker("a", { epoch: 0, offset: 5 })];

    const [key] = await listed(...marked, progress("a", { next: 8, write: 1 }));
    const [overtaken] = await listed(...marked, claim("p2"), progress("a", { next: 8, write: 1 }));

    expect([key?.next, overtaken?.next]).toEqual([8, 5]);
  });

  it("come by offset", async () => {
    const keys = await listed(
      ...[claim("p1"), marker("a", { epoch: 0, offset: 9 }), marker("b", { epoch: 0, offset: 6 })],
    );

    expect(keys.map(({ offset }) => offset)).toEqual([6, 9]);
  });
});
