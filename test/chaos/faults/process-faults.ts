/** Faults of delivery processes. */
import type { Deliverer } from "../deliverer-pool.ts";
import { HEALTHY } from "../target/target-script.ts";
import type { Fault, FaultScene } from "./fault.ts";

/** Answers take so long while calls are gathered for a kill, ms. */
const GATHER_MS = 400;
const OPEN_AT_KILL_MIN = 4;
const GATHER_POLL_MS = 20;

/** SIGKILL at work, with calls open; another process is started a moment later. */
export const kill: Fault = async (scene) => {
  const { pool, pause } = scene;
  const victim = pick(scene);
  await withOpenCalls(scene, () => pool.kill(victim));
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

function pick({ pool, random }: FaultScene): Deliverer {
  return random.pick(pool.running.filter(({ isStopped }) => !isStopped));
}

/** Targets answer slowly until calls are open, so that a process dies with some in its hands. */
async function withOpenCalls(
  { world, pause }: FaultScene,
  act: () => Promise<void>,
): Promise<void> {
  const [first] = world.targets;
  if (first === undefined) throw new Error("a world without targets");
  const { target } = first;
  await target.script({ ...HEALTHY, latency: { minMs: GATHER_MS, maxMs: GATHER_MS } });
  for (let tries = 0; tries < 100; tries += 1) {
    if ((await target.report()).open >= OPEN_AT_KILL_MIN) break;
    await pause(GATHER_POLL_MS);
  }
  await act();
  await target.script(HEALTHY);
}
