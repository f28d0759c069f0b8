/**
 * A member of a group as a process of its own, which tests may freeze. Arguments: brokers, topic, group id, session
 * in ms. Prints one JSON object a line: what its source tells, and every 20 ms whether membership is proven. Ends,
 * after leaving the group, when its standard input does.
 */
import { asTopic, type Assignment } from "@millrace/engine";
import { createRecordSource, plainConnection } from "@millrace/kafka";

const TICK_MS = 20;
const [brokers = "", topic = "", groupId = "", sessionMs = ""] = process.argv.slice(2);

function say(event: string, more: object = {}): void {
  process.stdout.write(`${JSON.stringify({ event, at: performance.now(), ...more })}\n`);
}

const nothing = (): void => undefined;
const source = createRecordSource({
  connection: plainConnection(brokers.split(","), "millrace-test-member"),
  groupId,
  topics: [asTopic(topic)],
  sessionTimeoutMs: Number(sessionMs),
  telemetry: {
    counter: () => ({ add: nothing }),
    histogram: () => ({ record: nothing }),
    gauge: () => nothing,
    startSpan: () => ({ context: null, set: nothing, end: nothing }),
    log: (level, message) => say("log", { level, message }),
  },
});

function tick(): void {
  say("tick", { isProven: source.isProven() });
}

await source.start({
  assigned: (assignment: Assignment) => {
    const { generation, memberId, partitions } = assignment;
    say("assigned", { generation, memberId, partitions });
    for (const partition of partitions) {
      if (!partition.isContinued) source.seek(partition, partition.logStartOffset);
    }
    return Promise.resolve();
  },
  draining: (reason) => {
    say("draining", { reason });
    return Promise.resolve();
  },
  lost: (reason) => say("lost", { reason }),
  records: (batch) => say("records", { count: batch.records.length }),
  halted: (halt) => say("halted", { halt }),
  failed: (error) => say("failed", { message: error.message }),
});

const ticking = setInterval(tick, TICK_MS);
process.stdin.resume();
process.stdin.once("end", () => {
  clearInterval(ticking);
  void source.stop().then(() => say("stopped"));
});
