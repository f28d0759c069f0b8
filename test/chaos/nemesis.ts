/**
 * Makes the trouble of a run: which faults, in which order and with what victims is the seed's. One fault at a time, and
 * the next one only when the targets have caught up, so that what happens can be told apart.
 */
import { FAULTS } from "./faults/catalogue.ts";
import type { FaultRecord, FaultScene } from "./faults/fault.ts";
import type { FaultName } from "./faults/fault-name.ts";
import type { Profile } from "./profile.ts";
import type { LagProbe } from "./record/lag-probe.ts";
import { lagMaxOf } from "./report/fault-row.ts";
import { runNow } from "./record/run-clock.ts";

/** Longest wait for the recovery from one fault; what takes longer shows in the report. */
const RECOVERY_MS_MAX = 60_000;
const POLL_MS = 100;
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
