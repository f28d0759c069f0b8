import { cpus } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { Admin } from "kafkajs";
import type { World } from "../world.ts";
import { openLineFile } from "./line-file.ts";
import { runNow } from "./run-clock.ts";
import { plainKafka } from "./topic-read.ts";

const EVERY_MS = 400;

/** How far the targets were behind at a moment. */
export interface LagSample {
  readonly at: number;
  /** Log end less committed offset, records, by target; null: the brokers did not say. */
  readonly lag: Readonly<Record<string, number>> | null;
  /** Share of the machine's processors that nobody used since the sample before, 0 to 1. */
  readonly idle: number;
}

/** Asks the brokers again and again how far the targets are behind, and writes the answers down. */
export interface LagProbe {
  /** The newest answer. */
  readonly last: LagSample | null;
  readonly samples: readonly LagSample[];
  stop(): Promise<void>;
}

/** Starts it. */
export async function startLagProbe(world: World, path: string): Promise<LagProbe> {
  const admin = plainKafka(world.servers.addresses).admin({
    retry: { retries: 1, initialRetryTime: 50 },
  });
  await admin.connect();
  const file = openLineFile(path);
  const samples: LagSample[] = [];
  const ending = new AbortController();
  const idle = idleMeter();
  const running = (async () => {
    while (!ending.signal.aborted) {
      const lag = await readLag(admin, world).catch(() => null);
      const sample = { at: runNow(), lag, idle: idle() };
      samples.push(sample);
      file.append(sample);
      await delay(EVERY_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  })();
  return {
    get last() {
      return samples.at(-1) ?? null;
    },
    samples,
    async stop() {
      ending.abort();
      await running;
      file.close();
      await admin.disconnect();
    },
  };
}

/** Gives the idle share since it was asked last. */
function idleMeter(): () => number {
  const read = (): { readonly idle: number; readonly all: number } => {
    const times = cpus().map((cpu) => cpu.times);
    const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
    return {
      idle: sum(times.map((one) => one.idle)),
      all: sum(times.flatMap((one) => Object.values(one))),
    };
  };
  let last = read();
  return () => {
    const now = read();
    const share = (now.idle - last.idle) / Math.max(1, now.all - last.all);
    last = now;
    return share;
  };
}

async function readLag(admin: Admin, world: World): Promise<Record<string, number>> {
  const { topic, namespace, targets } = world;
  const ends = await admin.fetchTopicOffsets(topic);
  const lags = targets.map(async ({ target }) => {
    const groupId = `${namespace}.${target.name}`;
    const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
    const committed = new Map(
      found?.partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]),
    );
    const lag = ends.reduce(
      (sum, { partition, high }) => sum + Number(high) - (committed.get(partition) ?? 0),
      0,
    );
    return [target.name, lag] as const;
  });
  return Object.fromEntries(await Promise.all(lags));
}
