/** One run from its beginning to its history: warm, clean baseline, chaos, heal, drain, final read. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { SeededRandom } from "../support/seeded-random.ts";
import { valueHasher } from "./contract.ts";
import { DelivererPool } from "./deliverer-pool.ts";
import { Emission } from "./emission.ts";
import type { FaultRecord, FaultScene } from "./faults/fault.ts";
import { watchMemory } from "./memory-watch.ts";
import { planFaults } from "./fault-plan.ts";
import { makeTrouble } from "./nemesis.ts";
import type { Profile } from "./profile.ts";
import { assembleHistory } from "./record/assembly.ts";
import { readEverything } from "./record/final-read.ts";
import { startLagProbe, type LagProbe } from "./record/lag-probe.ts";
import { openLineFile } from "./record/line-file.ts";
import { openOperationsLog, type OperationsLog } from "./record/operations-log.ts";
import { runNow } from "./record/run-clock.ts";
import { watchStalls, type Stall } from "./stall-watch.ts";
import { HEALTHY } from "./target/target-script.ts";
import { createWorld, type World } from "./world.ts";

/** What to run. */
export interface ChaosOptions {
  readonly profile: Profile;
  readonly seed: number;
  /** Where its history goes; emptied before. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onProgress: (message: string) => void;
}

/** What a run says of itself, besides its history; `run-facts.json` in its folder. */
export interface RunFacts {
  readonly profile: Profile;
  readonly seed: number;
  /** The clean run that faults are compared with, epoch ms. */
  readonly baseline: { readonly from: number; readonly to: number };
  readonly faults: readonly FaultRecord[];
  readonly healedAt: number;
  /** When the lag was 0; null when it never was. */
  readonly restAt: number | null;
  /** The longest time that each process of the harness that measures stood still, by its name. */
  readonly stalls: Readonly<Record<string, Stall>>;
  /** The most that each delivery process had resident, bytes. */
  readonly peakBytes: Readonly<Record<string, number>>;
  /** Topics that something still wrote when they were read. */
  readonly unstable: readonly string[];
}

const POLL_MS = 200;

/** Runs it; what it started is ended when this resolves or rejects. @throws Error when something could not go on. */
export async function runChaos(options: ChaosOptions): Promise<RunFacts> {
  const { profile, seed, folder, onProgress } = options;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await using cleanup = new AsyncDisposableStack();
  const startedAt = runNow();
  const broken = new AbortController();
  const signal = AbortSignal.any([options.signal, broken.signal]);
  onProgress("starting the servers");
  const world = await createWorld({ ...options, signal });
  cleanup.defer(() => world.close());
  // Only now: starting the servers blocks this process, and nothing runs yet that it could disturb.
  const watch = watchStalls();
  cleanup.defer(() => watch.stop());
  const operations = openOperationsLog(join(world.rawFolder, "ops.jsonl"));
  cleanup.defer(() => operations.close());
  operations.note({ f: "start", who: "gateway" });
  const onFailed = (error: Error): void => broken.abort(error);
  const actors = await startActors({ world, operations, profile, seed, onFailed });
  cleanup.defer(() => actors.probe.stop());
  cleanup.defer(() => actors.pool.end());
  cleanup.defer(() => actors.emission.abandon());
  const memory = watchMemory(actors.pool);
  cleanup.defer(() => memory.stop());
  const stage: Stage = { ...options, ...actors, signal, world, operations };
  const played = await play(stage);
  const ofTargets = world.targets.map(async ({ target }) => {
    return [target.name, (await target.report()).stall] as const;
  });
  const stalls = { harness: watch.longest(), ...Object.fromEntries(await Promise.all(ofTargets)) };
  await actors.pool.end();
  onProgress("reading the log, twice");
  const read = await readEverything(world, actors.emission.events);
  await cleanup.disposeAsync();
  const { partitionCount } = profile;
  const names = await assembleHistory({ world, seed, startedAt, partitionCount, read });
  const faults = played.faults.map((fault) => ({
    ...fault,
    who: fault.who.map((name) => names.get(name) ?? name),
  }));
  const peakBytes = Object.fromEntries(
    Array.from(memory.peaks, ([name, bytes]) => [names.get(name) ?? name, bytes] as const),
  );
  const { unstable } = read;
  const facts: RunFacts = { profile, seed, ...played, faults, stalls, peakBytes, unstable };
  writeFileSync(join(folder, "run-facts.json"), `${JSON.stringify(facts, null, 2)}\n`);
  return facts;
}

interface Actors {
  readonly pool: DelivererPool;
  readonly emission: Emission;
  readonly probe: LagProbe;
}

interface Stage extends ChaosOptions, Actors {
  readonly world: World;
  readonly operations: OperationsLog;
}

async function startActors(of: {
  readonly world: World;
  readonly operations: OperationsLog;
  readonly profile: Profile;
  readonly seed: number;
  readonly onFailed: (error: Error) => void;
}): Promise<Actors> {
  const { world, operations, profile, seed, onFailed } = of;
  const { folder, configPath, guard } = world;
  const environmentFor = (name: string): Promise<NodeJS.ProcessEnv> => world.environmentFor(name);
  const start = { folder, configPath, guard, operations, environmentFor, onCrash: onFailed };
  const pool = new DelivererPool(start);
  for (let count = 0; count < profile.delivererCount; count += 1) await pool.start();
  for (const deliverer of pool.running) await pool.ready(deliverer);
  const emission = new Emission({
    ...{ gatewayUrl: world.gatewayUrl, topic: world.topic, run: `chaos-${seed}` },
    ...{ rate: profile.rate, keyCount: profile.keyCount, hotShare: profile.hotShare },
    random: new SeededRandom(seed * 7_919),
    shaOf: valueHasher(world.schemaId),
    log: openLineFile(join(world.rawFolder, "emit.jsonl")),
  });
  emission.start(onFailed);
  const probe = await startLagProbe(world, join(world.rawFolder, "lag.jsonl"));
  return { pool, emission, probe };
}

/** The phases. */
async function play(
  stage: Stage,
): Promise<Pick<RunFacts, "baseline" | "faults" | "healedAt" | "restAt">> {
  const { profile, seed, signal, operations, emission, probe, onProgress } = stage;
  const pause = (ms: number): Promise<void> => delay(ms, undefined, { signal });
  onProgress("warming up");
  await pause(profile.warmMs);
  onProgress("clean baseline");
  const from = runNow();
  await pause(profile.baselineMs);
  const baseline = { from, to: runNow() };
  const hold = (ms: number): Promise<void> => pause(profile.holdMs ?? ms);
  const scene: FaultScene = { ...stage, random: new SeededRandom(seed * 31), pause, hold };
  const plan = planFaults(profile, seed);
  const faults = await makeTrouble({ scene, plan, profile, probe, onProgress });
  onProgress("healing");
  await heal(stage);
  const healedAt = runNow();
  operations.note({ f: "heal", who: "all" });
  await emission.stop();
  onProgress("draining");
  const restAt = await untilAtRest(stage, pause);
  operations.note({ f: "rest", who: "all" });
  return { baseline, faults, healedAt, restAt };
}

/** Everything back in order, whatever a fault that broke off has left. */
async function heal({ world, pool }: Stage): Promise<void> {
  await world.servers.network.behave({ kind: "pass" });
  for (const { target, proxy } of world.targets) {
    await proxy.behave({ kind: "pass" });
    await target.script(HEALTHY);
  }
  for (const deliverer of pool.running) {
    if (deliverer.isStopped) pool.freeze(deliverer, "continue");
  }
}

/** No lag, and no key on its way back from the parked topic; null where that takes too long. */
async function untilAtRest(
  { profile, probe, pool }: Stage,
  pause: (ms: number) => Promise<void>,
): Promise<number | null> {
  const from = runNow();
  for (;;) {
    await pause(POLL_MS);
    const sample = probe.last;
    const lag = sample !== null && sample.at > from ? sample.lag : null;
    const hasLag = lag === null || Object.values(lag).some((records) => records > 0);
    if (!hasLag && (await pool.deferredCount()) === 0) return runNow();
    if (runNow() - from > profile.drainMsMax + (profile.holdMs ?? 0)) return null;
  }
}
