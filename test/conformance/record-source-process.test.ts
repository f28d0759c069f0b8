import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { asOffset, asPartition, type Topic } from "@millrace/engine";
import { describe, expect, it, onTestFinished } from "vitest";
import { RealWorld, SESSION_MS, testBrokers } from "../support/kafka-world.ts";
import { RecordingListener } from "../support/recording-listener.ts";
import { until } from "../support/until.ts";

const MEMBER = fileURLToPath(new URL("../support/group-member.ts", import.meta.url));

/** A line of the member's output. */
interface Line {
  readonly event: string;
  readonly at: number;
  readonly isProven?: boolean;
  readonly reason?: string;
}

interface MemberProcess {
  readonly child: ChildProcess;
  readonly lines: readonly Line[];
  readonly complaint: () => string;
  readonly heard: (event: string, count?: number) => Promise<void>;
}

function startMember(topic: Topic, groupId: string): MemberProcess {
  const args = [testBrokers().join(","), topic, groupId, String(SESSION_MS)];
  const child = spawn(process.execPath, ["--conditions=millrace-source", MEMBER, ...args]);
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines: Line[] = [];
  let [rest, complaint] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    const whole = (rest + chunk.toString()).split("\n");
    rest = whole.pop() ?? "";
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- group-member.ts prints these lines
    for (const line of whole) lines.push(JSON.parse(line) as Line);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const count = (event: string): number => lines.filter((line) => line.event === event).length;
  return {
    child,
    lines,
    complaint: () => complaint,
    heard: (event, times = 1) =>
      until(`${event} of the member`, () => count(event) >= times, {
        deadlineMs: 40_000,
        seen: () => complaint,
      }),
  };
}

describe("a record source in a process", () => {
  it("fences before anything else when it wakes from being frozen beyond its session", async () => {
    const world = new RealWorld();
    const topic = await world.topic(2);
    const groupId = world.groupId();
    const member = startMember(topic, groupId);
    await member.heard("assigned");
    await member.heard("tick");
    const source = world.source(groupId, [topic]);
    const listener = new RecordingListener(source);

    member.child.kill("SIGSTOP");
    const lineCount = member.lines.length;
    await source.start(listener);
    expect(listener.assignment.partitions).toHaveLength(2);
    member.child.kill("SIGCONT");
    await member.heard("assigned", 2);

    const later = member.lines.slice(lineCount);
    const wokeAt = later.findIndex(
      (line, index) => line.at - (later[index - 1]?.at ?? line.at) > SESSION_MS / 2,
    );
    const woken = later.slice(Math.max(0, wokeAt));
    const lostAt = woken.findIndex(({ event }) => event === "lost");
    expect(woken[lostAt]?.reason).toContain("no acknowledged heartbeat");
    const unsafe = woken.slice(0, lostAt).filter(({ isProven }) => isProven === true);
    expect(unsafe).toEqual([]);
    await listener.heard("assigned", 2);
  });

  it("prints nothing of its own or of kafkajs, and leaves the group when it ends", async () => {
    const world = new RealWorld();
    const topic = await world.topic(1);
    const groupId = world.groupId();
    await world.write({ topic, partition: asPartition(0) }, [{ value: Buffer.from("1") }]);
    const member = startMember(topic, groupId);
    await member.heard("records");

    member.child.stdin?.end();
    await once(member.child, "exit");

    expect(member.complaint()).toBe("");
    expect(member.child.exitCode).toBe(0);
    const events = new Set(member.lines.map(({ event }) => event));
    expect([...events].filter((event) => event !== "tick")).toEqual([
      "assigned",
      "records",
      "draining",
      "stopped",
    ]);
    const source = world.source(groupId, [topic]);
    const listener = new RecordingListener(source, { startOf: () => asOffset(1) });
    const began = performance.now();
    await source.start(listener);
    expect(performance.now() - began).toBeLessThan(SESSION_MS / 2);
  });
});
