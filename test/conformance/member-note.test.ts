import { NO_TELEMETRY } from "@millrace/engine";
import { createRecordSource, createTopicAdmin, plainConnection } from "@millrace/kafka";
import { expect, it, onTestFinished } from "vitest";
import { RealWorld, SESSION_MS, testBrokers } from "../support/kafka-world.ts";
import { RecordingListener } from "../support/recording-listener.ts";

it("what a member says of itself is there for whoever describes its group, and gone with it", async () => {
  const connection = plainConnection(testBrokers(), "millrace-test");
  const admin = createTopicAdmin({ connection });
  onTestFinished(() => admin.close());
  const world = new RealWorld();
  const topic = await world.topic(1);
  const groupId = world.groupId();
  const source = createRecordSource({
    ...{ connection, groupId, topics: [topic], telemetry: NO_TELEMETRY },
    ...{ sessionTimeoutMs: SESSION_MS, memberNote: '{"process":"p1"}' },
  });
  onTestFinished(() => source.stop());
  await source.start(new RecordingListener(source));
  const before = await admin.describeGroup(groupId);
  await source.stop();
  const after = await admin.describeGroup(groupId);

  expect(before.members.map(({ note }) => note)).toEqual(['{"process":"p1"}']);
  expect(after.members).toEqual([]);
});
