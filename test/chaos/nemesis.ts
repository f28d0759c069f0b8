/**
 * Makes the trouble of a run: which faults, in which order and with what victims is the seed's. One fault at a time, and
 * the next one only when the targets have caught up, so that what happens can be told apart.
 */
import { FAULTS } from "./faults/catalogue.ts";
import { FAULT_NAMES, type FaultName, type FaultRecord, type FaultScene } from "./faults/fault.ts";
import type { Profile } from "./profile.ts";
import type { LagProbe } from "./record/lag-probe.ts";
import { lagMaxOf } from "./report/fault-row.ts";
import { runNow } from "./record/run-clock.ts";
import { SeededRandom } from "../support/seeded-random.ts";

/** Longest wait for the recovery from one fault; what takes longer shows in the report. */
const RECOVERY_MS_MAX = 60_000;
const POLL_MS = 100;
/** Prime to the number of optional faults: kinds that stand together in the list do not come together in a run. */
const STRIDE = 5;

/** The faults of a run, in order. The optional ones take turns over the seeds, so that a few seeds have them all. */
export function planFaults(profile: Profile, seed: number): readonly FaultName[] {
  const { faults, rounds, brokerCount } = profile;
  if (faults.kind === "listed") return faults.names;
  const random = new SeededRandom(seed);
  const optional = FAULT_NAMES.filter(
    (name) => !faults.always.includes(name) && (brokerCount > 1 || name !== "leader-chase"),
  );
  const count = Math.min(faults.drawnCount, optional.length);
  const drawn = Array.from({ length: count }, (_, index) => {
    return optional[(((seed - 1) * count + index) * STRIDE) % optional.length];
  }).filter((name) => name !== undefined);
  return Array.from({ length: rounds }, () =>
    shuffled([...faults.always, ...drawn], random),
  ).flat();
}

/** What the nemesis works with. */
export interface NemesisOptions {
  readonly scene: FaultScene;
  readonly plan: readonly FaultName[];
  readonly profile: Profile;
  readonly probe: LagProbe;
  readonly onProgress: (message: string) => void;
}

/** Carries the plan out; resolves to what was done. */
export async function makeTrouble(options: NemesisOptions): Promise<readonly FaultRecord[]> {
  const { scene, plan, profile, onProgress } = options;
  const records: FaultRecord[] = [];
  for (const [index, name] of plan.entries()) {
    onProgress(`fault ${index + 1} of ${plan.length}: ${name}`);
    const startAt = runNow();
    const outcome = await FAULTS[name](scene);
    records.push({ name, ...outcome, startAt, endAt: runNow() });
    await untilCaughtUp(options);
    await scene.pause(profile.gapMs);
  }
  return records;
}

async function untilCaughtUp({ scene, profile, probe }: NemesisOptions): Promise<void> {
  const from = runNow();
  const lagMax = lagMaxOf(profile.rate);
  for (;;) {
    await scene.pause(POLL_MS);
    const lag = probe.last !== null && probe.last.at > from ? probe.last.lag : null;
    if (lag !== null && Object.values(lag).every((records) => records <= lagMax)) return;
    if (runNow() - from > RECOVERY_MS_MAX) return;
  }
}

function shuffled<Item>(items: readonly Item[], random: SeededRandom): Item[] {
  const left = [...items];
  return items.map(() => left.splice(random.below(left.length), 1)).flat();
}
