import { memberNote } from "@millrace/control";
import type { GroupDescription } from "@millrace/kafka";
import { describe, expect, it } from "vitest";
import { untilEmpty } from "./empty-group.ts";

const member = (process: string | null): GroupDescription["members"][number] => ({
  ...{ memberId: "m", clientId: "other-tool", host: "/10.0.0.7", partitions: [] },
  note: process === null ? "" : memberNote({ process, api: null }),
});

const group = (state: string, ...processes: readonly (string | null)[]): GroupDescription => ({
  ...{ groupId: "ns.crm", state, members: processes.map(member) },
});

/** A wait of a second over these looks, the last of which stays. */
async function wait(looks: readonly GroupDescription[], signal = new AbortController().signal) {
  const left = [...looks];
  const held: (readonly string[])[] = [];
  let now = 0;
  const end = await untilEmpty(1_000, {
    describe: () => Promise.resolve((left.length > 1 ? left.shift() : left[0]) ?? group("Dead")),
    now: () => now,
    pause(ms) {
      now += ms;
      return Promise.resolve();
    },
    signal,
    onHeld: (holders) => held.push(holders),
  });
  return { end, held, now };
}

describe("the wait for an empty group", () => {
  it("ends when nobody is in it any more, and says who is until then", async () => {
    const { end, held } = await wait([
      ...[group("Stable", "p2", "p1"), group("PreparingRebalance", "p2"), group("Empty")],
    ]);

    expect(end).toEqual({ kind: "empty" });
    expect(held).toEqual([["p1", "p2"], ["p2"]]);
  });

  it("is none for a group that never was", async () => {
    expect(await wait([group("Dead")])).toMatchObject({ end: { kind: "empty" }, now: 0 });
  });

  it("ends in its time with who is still there, another program by what Kafka knows", async () => {
    expect(await wait([group("Stable", null, "p1")])).toMatchObject({
      end: { kind: "held", holders: ["other-tool at 10.0.0.7", "p1"] },
      now: 1_000,
    });
  });

  it("says nothing that would move a terminal's cursor", async () => {
    expect(await wait([group("Stable", "p\u001b[2J")])).toMatchObject({
      end: { holders: ["p\\u001b[2J"] },
    });
  });

  it("ends when it is interrupted", async () => {
    expect((await wait([group("Stable", "p1")], AbortSignal.abort())).end).toEqual({
      kind: "interrupted",
    });
  });
});
