/** Faults of delivery processes. */
import type { Deliverer } from "../deliverer-pool.ts";
import { HEALTHY } from "../target/target-script.ts";
import type { Fault, FaultScene } from "./fault.ts";
import { firstTarget } from "./first-target.ts";

/** Answers take so long while calls are gathered for a kill, ms. */
const GATHER_MS = 400;
const OPEN_AT_KILL_MIN = 4;
const GATHER_POLL_MS = 20;

/** Longer than a session (10 s) and the time until the others have noticed. */
const ZOMBIE_MS_MIN = 14_000;
const ZOMBIE_MS_SPREAD = 6_000;
const SHORT_STOP_MS = 5_000;
const STORM_COUNT = 5;
const STORM_STAY_MS = 2_500;

/** SIGKILL at work, with calls open; another process is started a moment later. */
export const kill: Fault = async (scene) => {
  const { pool, pause } = scene;
  const victim = pick(scene);
  await withOpenCalls(scene, victim, () => pool.kill(victim));
  await pause(1_000);
  await pool.start();
  return { target: null, who: [victim.name], scope: "all" };
};

/** SIGTERM to each process in turn; its successor is ready before the next one goes. */
export const rollingRestart: Fault = async ({ pool }) => {
  const olds = [...pool.running];
  for (const old of olds) {
    await pool.terminate(old);
    await pool.ready(await pool.start());
  }
  return { target: null, who: olds.map(({ name }) => name), scope: "all" };
};

/** SIGSTOP for longer than its session lasts, then SIGCONT: it wakes up and owns nothing any more. */
export const zombie: Fault = async (scene) => {
  const { pool, random, pause } = scene;
  const victim = pick(scene);
  pool.freeze(victim, "stop");
  await pause(ZOMBIE_MS_MIN + random.below(ZOMBIE_MS_SPREAD));
  pool.freeze(victim, "continue");
  return { target: null, who: [victim.name], scope: "all" };
};

/** SIGSTOP for less than its session, then SIGCONT: it goes on as if nothing had been. */
export const shortStop: Fault = async (scene) => {
  const victim = pick(scene);
  scene.pool.freeze(victim, "stop");
  await scene.pause(SHORT_STOP_MS);
  scene.pool.freeze(victim, "continue");
  return { target: null, who: [victim.name], scope: "all" };
};

/** Processes come and go, one after the other. */
export const rebalanceStorm: Fault = async ({ pool, pause }) => {
  const who: string[] = [];
  for (let count = 0; count < STORM_COUNT; count += 1) {
    const guest = await pool.start();
    who.push(guest.name);
    await pause(STORM_STAY_MS);
    await pool.terminate(guest);
  }
  return { target: null, who, scope: "all" };
};

function pick({ pool, random }: FaultScene): Deliverer {
  return random.pick(pool.running.filter(({ isStopped }) => !isStopped));
}

/** The target answers slowly until calls of a process are open, so that it dies with some in its hands. */
async function withOpenCalls(
  scene: FaultScene,
  { name }: Deliverer,
  act: () => Promise<void>,
): Promise<void> {
  const { target } = firstTarget(scene);
  await target.script({ ...HEALTHY, latency: { minMs: GATHER_MS, maxMs: GATHER_MS } });
  for (let tries = 0; tries < 100; tries += 1) {
    if (((await target.report()).openOf[name] ?? 0) >= OPEN_AT_KILL_MIN) break;
    await scene.pause(GATHER_POLL_MS);
  }
  await act();
  await target.script(HEALTHY);
}
