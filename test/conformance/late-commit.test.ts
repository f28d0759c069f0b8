import { asOffset, type AssignedPartition } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { API, relayTo, type BrokerRelay } from "../support/broker-relay.ts";
import { RealWorld, testBrokers } from "../support/kafka-world.ts";
import { RecordingListener } from "../support/recording-listener.ts";
import { until } from "../support/until.ts";

interface Member {
  readonly relay: BrokerRelay;
  readonly world: RealWorld;
  readonly listener: RecordingListener;
  readonly place: AssignedPartition;
  commit(offset: number): Promise<void>;
  committed(): Promise<unknown>;
}

/** The one member of its group, which goes by a relay. */
async function join(isHeld: Parameters<typeof relayTo>[1]): Promise<Member> {
  const [broker = ""] = testBrokers();
  const direct = new RealWorld();
  const relay = await relayTo(broker, isHeld);
  const world = new RealWorld([relay.address]);
  const topic = await direct.topic(1);
  const groupId = world.groupId();
  const source = world.source(groupId, [topic]);
  const listener = new RecordingListener(source);
  await source.start(listener);
  const [place] = listener.assignment.partitions;
  if (place === undefined) throw new Error("no partition");
  return {
    ...{ relay, world, listener, place },
    commit(offset) {
      const commits = [
        { topic, partition: place.partition, offset: asOffset(offset), metadata: "" },
      ];
      return source.commit(commits, listener.assignment.generation);
    },
    committed: () => direct.committed(groupId, place),
  };
}

describe("a commit without an answer", () => {
  it("takes no effect behind a later one: the member joins again first, and keeps what it has", async () => {
    const member = await join(({ api }) => api === API.offsetCommit);
    const { relay, listener, world } = member;

    await expect(member.commit(5)).rejects.toMatchObject({ code: "COMMIT_FENCED" });
    relay.openUp();
    await listener.heard("assigned", 2);
    await member.commit(6);
    await relay.release();

    expect(await member.committed()).toEqual({ offset: 6, metadata: "" });
    expect(listener.of("lost")).toEqual([]);
    expect(listener.assignment.partitions).toMatchObject([{ isContinued: true }]);
    expect(world.telemetry.messages("warn")).toEqual([
      expect.stringContaining("a commit was not answered"),
    ]);
  });

  it("is tried again in its generation where it could not leave", async () => {
    const member = await join(() => false);
    const { relay, listener, world } = member;

    relay.cut();
    await until("a failed heartbeat", () => world.telemetry.messages("warn").length > 0);
    await expect(member.commit(5)).rejects.toMatchObject({ code: "COMMIT_FAILED" });
    await relay.restore();
    await member.commit(6);

    expect(await member.committed()).toEqual({ offset: 6, metadata: "" });
    expect(listener.of("assigned")).toHaveLength(1);
  });
});
