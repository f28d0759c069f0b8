import {
  asOffset,
  asPartition,
  asTarget,
  asTopic,
  claimKey,
  type StateEntry,
} from "@millrace/engine";
import type { GroupDescription } from "@millrace/kafka";
import { describe, expect, it } from "vitest";
import { ownersOf } from "./owner.ts";

const TOPIC = asTopic("users");

function member(memberId: string, ...partitions: readonly number[]) {
  return {
    memberId,
    clientId: "millrace",
    host: "/10.0.0.7",
    note: "",
    partitions: partitions.map((partition) => ({
      topic: TOPIC,
      partition: asPartition(partition),
    })),
  };
}

const group = (...members: GroupDescription["members"]): GroupDescription => ({
  groupId: "millrace.crm",
  state: "Stable",
  members,
});

/** A state topic with these claims of partitions. */
function claims(...of: readonly (readonly [partition: number, value: object])[]) {
  const entries = of.map(([partition, value], index): readonly [string, StateEntry] => {
    const place = { topic: TOPIC, partition: asPartition(partition) };
    const key = claimKey(asTarget("crm"), place, `c-${index}`);
    return [key, { offset: asOffset(index), value }];
  });
  return { list: (prefix: string) => entries.filter(([key]) => key.startsWith(prefix)) };
}

const claim = (process: string, of: string) => ({ v: 1, process, member: of, generation: 3 });

describe("ownersOf", () => {
  it("names the member that Kafka has assigned a partition to, with the process of its claim", () => {
    const log = claims(
      [0, claim("old", "m-0")],
      [0, claim("p-1", "m-1")],
      [1, claim("p-2", "m-2")],
    );

    const owners = ownersOf(group(member("m-1", 0), member("m-2", 1)), log, "crm");

    expect(Object.fromEntries(owners)).toEqual({
      "users/0": { member: "m-1", host: "10.0.0.7", process: "p-1" },
      "users/1": { member: "m-2", host: "10.0.0.7", process: "p-2" },
    });
  });

  it("names no process until the member has claimed the partition, or for a claim that it cannot read", () => {
    const log = claims([0, claim("p-1", "m-1")], [1, { v: 2, process: "p", member: "m-2" }]);

    const owners = ownersOf(group(member("m-2", 0, 1)), log, "crm");

    expect([...owners.values()].map(({ process }) => process)).toEqual([null, null]);
  });

  it("knows nobody in a group without members, whatever claims are left", () => {
    expect(ownersOf(group(), claims([0, claim("p-1", "m-1")]), "crm").size).toBe(0);
  });
});
