/** Faults of a target, all of them of the first one of the world. */
import { HEALTHY, type BadEnd, type TargetScript } from "../target/target-script.ts";
import type { Fault, FaultOutcome, FaultScene } from "./fault.ts";
import { firstTarget } from "./first-target.ts";
import { drawKeys } from "./draw-keys.ts";

/** What a 429 asks to wait, seconds. */
export const RETRY_AFTER_SECONDS = 3;
/** What is added to the answers of a slow key, ms: below the target's timeout. */
export const SLOW_MS = 1_500;
/** The same of a very slow key, ms: below the timeout of a profile that has the fault. */
export const VERY_SLOW_MS = 5_000;
/** Keys that are refused: so many, and of many keys so large a share that some have events meanwhile. */
const REJECTED_MIN = 8;
const REJECTED_SHARE = 1 / 250;

/** Every call is answered 503. */
export const serverErrors: Fault = (scene) =>
  follow(scene, {
    ms: 8_000,
    script: always({ kind: "status", status: 503, retryAfterSeconds: null }),
  });

/** A fifth of the calls is answered 500. */
export const someErrors: Fault = (scene) =>
  follow(scene, {
    ms: 8_000,
    script: {
      faults: [{ share: 0.2, end: { kind: "status", status: 500, retryAfterSeconds: null } }],
    },
  });

/** Every call is answered 429, with a time to wait. */
export const throttling: Fault = (scene) =>
  follow(scene, {
    ms: 4_000,
    script: always({ kind: "status", status: 429, retryAfterSeconds: RETRY_AFTER_SECONDS }),
  });

/** Every call is answered 401, as with a credential that was rotated. */
export const unauthorized: Fault = (scene) =>
  follow(scene, {
    ms: 8_000,
    script: always({ kind: "status", status: 401, retryAfterSeconds: null }),
  });

/** Down and up again, three times. */
export const flapping: Fault = async (scene) => {
  const down = always({ kind: "status", status: 503, retryAfterSeconds: null });
  for (let count = 0; count < 3; count += 1) {
    await follow(scene, { ms: 2_000, script: down });
    await scene.pause(3_000);
  }
  return { target: firstTarget(scene).target.name, who: [], scope: "target" };
};

/** A twentieth of the calls is applied and never answered. */
export const applyThenTimeout: Fault = (scene) =>
  follow(scene, {
    ms: 8_000,
    script: { faults: [{ share: 0.05, end: { kind: "hang", ms: 60_000 } }] },
  });

/** A few keys are refused for good. */
export const rejectedKeys: Fault = (scene) => {
  const share = Math.ceil(scene.emission.keys.length * REJECTED_SHARE);
  const who = drawKeys(scene, Math.max(REJECTED_MIN, share));
  const reject = Object.fromEntries(who.map((key) => [key, 422]));
  return follow(scene, { ms: 8_000, script: { reject }, who });
};

/** One key, the busiest, is refused for good: it stays in quarantine when the fault is over. */
export const rejectedKey: Fault = (scene) => {
  const { hotKey } = scene.emission;
  return follow(scene, { ms: 12_000, script: { reject: { [hotKey]: 422 } }, who: [hotKey] });
};

/** One key, the busiest, is answered slowly. */
export const slowKey: Fault = (scene) => slowDown(scene, SLOW_MS);

/** One key, the busiest, is answered very slowly. */
export const verySlowKey: Fault = (scene) => slowDown(scene, VERY_SLOW_MS);

function slowDown(scene: FaultScene, byMs: number): Promise<FaultOutcome> {
  const { hotKey } = scene.emission;
  return follow(scene, { ms: 12_000, script: { slow: { [hotKey]: byMs } }, who: [hotKey] });
}

function always(end: BadEnd): Partial<TargetScript> {
  return { faults: [{ share: 1, end }] };
}

interface Following {
  readonly ms: number;
  readonly script: Partial<TargetScript>;
  /** Keys that it befalls; default: all. */
  readonly who?: readonly string[];
}

async function follow(
  scene: FaultScene,
  { ms, script, who = [] }: Following,
): Promise<FaultOutcome> {
  const { operations, hold } = scene;
  const { target } = firstTarget(scene);
  const { name } = target;
  operations.note({ f: "target-fault", who: name, target: name, detail: JSON.stringify(script) });
  await target.script({ ...HEALTHY, ...script });
  await hold(ms);
  await target.script(HEALTHY);
  operations.note({ f: "target-heal", who: name, target: name });
  return { target: name, who, scope: who.length === 0 ? "target" : "keys" };
}
