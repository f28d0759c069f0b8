import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { disorderedKeys } from "../support/arrivals.ts";
import { createWorld } from "../support/delivery-world.ts";
import { untilAnswers } from "../support/millrace-process.ts";
import { until } from "../support/until.ts";

const EVENTS = 2_000;
const USERS = 100;

/** Processes that a process has started. */
function childrenOf(pid: number): readonly number[] {
  const listed = execFileSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" });
  return listed.trim().split(/\s+/u).map(Number);
}

/** Whether a process is there. */
function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const partitionsAt = async (adminUrl: string): Promise<number> => {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  return Array.from(text.matchAll(/^millrace_consumer_lag\{/gmu)).length;
};

it("several processes of one command share the partitions, and stop together repeating nothing", async () => {
  const world = await createWorld({ apis: { crm: {} }, partitions: 6 });
  const group = await world.deliver("--processes", "2");
  const second = group.adminUrl.replace(/\d+$/u, (port) => String(Number(port) + 1));
  await group.ready();
  await untilAnswers(`${second}/readyz`, group);
  await until("three partitions each", async () => {
    const counts = await Promise.all([group.adminUrl, second].map(partitionsAt));
    return counts.every((count) => count === 3);
  });
  await world.emitUpdates(EVENTS, USERS);
  await world.untilEffects("crm", EVENTS / 2);

  const code = await group.end("SIGTERM");
  const next = await world.deliver();
  await world.untilEffects("crm", EVENTS);
  await until("no lag", async () => (await world.lag(next)) === 0);

  expect(code).toBe(0);
  expect(world.arrivals("crm")).toHaveLength(EVENTS);
  expect(disorderedKeys(world.arrivals("crm"))).toEqual([]);
});

it("several processes end with the one that started them, and with one of them that is lost", async () => {
  const world = await createWorld({ apis: { crm: {} } });
  const killed = await world.deliver("--processes", "2");
  const [one = 0, other = 0] = childrenOf(killed.pid);

  await killed.end("SIGKILL");
  await until("its processes to end", () => !isThere(one) && !isThere(other));

  const group = await world.deliver("--processes", "2");
  await group.ready();
  const [lost = 0, left = 0] = childrenOf(group.pid);
  process.kill(lost, "SIGKILL");
  const code = await group.ended();

  expect(code).toBe(1);
  expect(group.complaint()).toContain(`delivery process ${lost} ended (SIGKILL)`);
  expect(isThere(left)).toBe(false);
});
