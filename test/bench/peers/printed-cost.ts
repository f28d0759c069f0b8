/** Share of the events that only warm the program up. */
const WARM_SHARE = 0.25;

/** Has events sent, some to warm up and some that count, and prints what the latter took as one line of JSON. */
export async function printCost(
  eventCount: number,
  send: (from: number, count: number) => Promise<void>,
): Promise<void> {
  const warmCount = Math.floor(eventCount * WARM_SHARE);
  await send(0, warmCount);
  const count = eventCount - warmCount;
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  await send(warmCount, count);
  const seconds = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const cost = { perSec: count / seconds, cpuUsPerEvent: (user + system) / count };
  process.stdout.write(`${JSON.stringify(cost)}\n`);
}
