import { describe, expect, it } from "vitest";
import { assignRoundRobin } from "./group-protocol.ts";

describe("the leader's assignment", () => {
  it("deals partitions in turn, by member id, over all topics", () => {
    const members = ["b", "a"].map((memberId) => ({ memberId, topics: ["orders", "users"] }));

    const given = assignRoundRobin(
      members,
      new Map([
        ["orders", [0, 1, 2]],
        ["users", [0, 1]],
      ]),
    );

    expect(given.get("a")).toEqual({ orders: [0, 2], users: [1] });
    expect(given.get("b")).toEqual({ orders: [1], users: [0] });
  });

  it("gives a topic only to members that want it, and nobody a topic that none wants", () => {
    const members = [
      { memberId: "a", topics: ["orders"] },
      { memberId: "b", topics: ["users"] },
    ];

    const given = assignRoundRobin(
      members,
      new Map([
        ["orders", [0, 1]],
        ["payments", [0]],
        ["users", [0]],
      ]),
    );

    expect(given.get("a")).toEqual({ orders: [0, 1] });
    expect(given.get("b")).toEqual({ users: [0] });
  });

  it("gives an idle member an empty share", () => {
    const members = ["a", "b"].map((memberId) => ({ memberId, topics: ["users"] }));

    expect(assignRoundRobin(members, new Map([["users", [0]]])).get("b")).toEqual({});
  });
});
