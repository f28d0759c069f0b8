import { expect, test } from "vitest";
import {
  controlTopic,
  deliveriesTopic,
  groupId,
  journalSubject,
  ownTopicNames,
  ownTopics,
  stateTopic,
} from "./own-topics.ts";

test("own topics and groups are named by namespace and target", () => {
  expect(ownTopics("millrace", "crm")).toEqual({
    dead: "millrace.crm.dead",
    parked: "millrace.crm.parked",
  });
  expect(groupId("millrace", "crm")).toBe("millrace.crm");
  expect([stateTopic("ns"), controlTopic("ns"), deliveriesTopic("ns")]).toEqual([
    "ns.state",
    "ns.control",
    "ns.deliveries",
  ]);
  expect(journalSubject("ns")).toBe("ns.deliveries-millrace.journal.Page");
});

test("all own topics are the namespace's and each target's", () => {
  expect(ownTopicNames("ns", ["a", "b"])).toEqual([
    "ns.state",
    "ns.control",
    "ns.deliveries",
    "ns.a.dead",
    "ns.a.parked",
    "ns.b.dead",
    "ns.b.parked",
  ]);
});
