import { describe, expect, it } from "vitest";
import { asTopic } from "@millrace/engine";
import { EventQueue } from "../event-queue.ts";
import { Draws } from "../plan/draws.ts";
import { FAULTLESS } from "../plan/fault-plan.ts";
import { Cluster } from "./cluster.ts";
import { Group } from "./group.ts";

const SESSION_MS = 10_000;

function until(queue: EventQueue, at: number): void {
  while (queue.nextAt <= at) queue.runNext();
  queue.after(at - queue.now, () => undefined);
  queue.runNext();
}

describe("a group whose brokers are back after an outage", () => {
  it("begins each session anew, also of a member that falls silent at once", () => {
    const queue = new EventQueue();
    const of = FAULTLESS;
    const faults = { commit: of, produce: of, state: of, journal: of, fetch: of, group: of };
    const ports = { queue, faults, draws: new Draws(1), onFault: () => undefined };
    const cluster = new Cluster({ ...ports, aimAt: () => 0 });
    cluster.createTopic(asTopic("orders"), 1);
    const group = new Group(cluster, SESSION_MS);
    const expiries: number[] = [];
    const ears = {
      isBeating: () => true,
      beatSoon: () => undefined,
      onExpired: () => void expiries.push(queue.now),
    };
    const id = group.admit();
    group.join({ id, topics: [asTopic("orders")], ears }, () => undefined);

    until(queue, 20_000);
    cluster.stop();
    until(queue, 23_000);
    cluster.start();
    until(queue, 23_100);
    group.noteSilent(id, Infinity);
    until(queue, 40_000);

    expect(expiries).toEqual([23_000 + SESSION_MS]);
  });
});
