/**
 * What goes wrong during a run, in order: the delivery process is killed while calls are open and started again; when
 * it delivers again, one API goes away for a few seconds. Each step waits for the one before to show in the reports.
 */
import type { DemoApi } from "../api/demo-api.ts";
import type { Scene } from "../scene/scene.ts";
import type { Display } from "./display.ts";
import { total, type Watch } from "./watch.ts";

/** How often the delivery process is killed. */
export const KILLS_PLANNED = 1;
/** Share of the effects after which the process is killed: half of the events show how it goes undisturbed. */
const KILL_AFTER = 0.55;
/** Answers take so long while calls are gathered for the kill. */
const GATHER: { readonly kind: "fixed"; readonly ms: number } = { kind: "fixed", ms: 400 };
const OPEN_AT_KILL_MIN = 8;
const OUTAGE_MS = 3_000;
/** A killed member's partitions are free again after its session, 10 s. */
const IDLE_MS_MAX = 60_000;

/** What the chaos acts on. */
export interface ChaosOptions {
  readonly scene: Scene;
  readonly apis: readonly DemoApi[];
  readonly watch: Watch;
  /** Effects that a run without faults would have. */
  readonly expectedEffects: number;
  /** Kills the delivery process and starts it again; resolves to the time of the kill, epoch ms. */
  readonly crashDelivery: () => Promise<number>;
  readonly display: Display;
}

/**
 * Does all of it; resolves to the times of the kills when the last fault has begun.
 * @throws Error when the deliveries do not get as far.
 */
export async function makeTrouble(options: ChaosOptions): Promise<number[]> {
  const { watch, expectedEffects, display } = options;
  await reach(
    options,
    "deliveries",
    (reports) => total(reports, "effects") >= expectedEffects * KILL_AFTER,
  );
  const killedAt = await killWithOpenCalls(options);
  const arrivals = total(await watch.reports(), "arrivals");
  await reach(
    options,
    "deliveries after the kill",
    (reports) => total(reports, "arrivals") > arrivals,
  );
  display.say("deliveries go on");
  await takeAway(options);
  return [killedAt];
}

async function killWithOpenCalls(options: ChaosOptions): Promise<number> {
  const { apis, scene, crashDelivery, display } = options;
  await Promise.all(apis.map((api) => api.script({ latency: GATHER })));
  await reach(options, "open calls", (reports) => total(reports, "open") >= OPEN_AT_KILL_MIN);
  const killedAt = await crashDelivery();
  display.say("delivery process killed while calls were open, started again");
  const scripts = new Map(scene.targets.map(({ name, script }) => [name, script]));
  await Promise.all(apis.map((api) => api.script(scripts.get(api.name) ?? {})));
  return killedAt;
}

async function takeAway({ apis, scene, display }: ChaosOptions): Promise<void> {
  const fragile = new Set(
    scene.targets.filter(({ faults }) => faults.outage).map(({ name }) => name),
  );
  for (const api of apis.filter(({ name }) => fragile.has(name))) {
    await api.outage(OUTAGE_MS);
    display.say(`${api.name} is away for ${OUTAGE_MS / 1_000} s`);
  }
}

async function reach(
  { watch }: ChaosOptions,
  what: string,
  isTrue: Parameters<Watch["until"]>[0],
): Promise<void> {
  if (await watch.until(isTrue, IDLE_MS_MAX)) return;
  throw new Error(`waited for ${what}, but nothing arrived for ${IDLE_MS_MAX / 1_000} s`);
}
