import type { Draws } from "./draws.ts";
import type { OperationPlan, TargetPlan } from "./plan.ts";

/** Jobs that a seed has at most. */
const JOBS_MAX = 3;

/** Replays, and what people want of them later: nothing in two of five seeds. */
export function drawReplays(
  draws: Draws,
  chaosMs: number,
  targets: readonly TargetPlan[],
): readonly OperationPlan[] {
  if (draws.chance("replay.none", 0.4)) return [];
  const count = 1 + draws.below("replay.count", JOBS_MAX);
  return Array.from({ length: count }, (_, index) => `job-${index + 1}`).flatMap((job) => {
    const target = draws.pick("replay.target", targets);
    const at = draws.between("replay.at", chaosMs * 0.1, chaosMs);
    const from = draws.pick("replay.from", [0, 0, draws.between("replay.from", 0, 1)]);
    const to = draws.pick("replay.to", [1, 1, draws.between("replay.to", 0, 1)]);
    const asked: OperationPlan = {
      ...{ at, fault: null, kind: "replay", job, target: target.name, from, to },
      topic: draws.pick("replay.topic", target.topics),
      pick: draws.below("replay.pick", 8),
      mode: draws.pick("replay.mode", ["repair", "repair", "reprocess"]),
    };
    return [asked, ...drawSteering(draws, { job, at, chaosMs })];
  });
}

function drawSteering(
  draws: Draws,
  { job, at, chaosMs }: { readonly job: string; readonly at: number; readonly chaosMs: number },
): readonly OperationPlan[] {
  const dice = draws.below("replay.steering", 10);
  const when = (): number => draws.between("replay.steered-at", at, chaosMs);
  const steer = { fault: null, kind: "steer-replay", job } as const;
  if (dice === 0) return [{ ...steer, at: when(), wish: "cancel" }];
  if (dice > 3) return [];
  const pausedAt = when();
  const resumedAt = draws.between("replay.steered-at", pausedAt, chaosMs);
  return [
    { ...steer, at: pausedAt, wish: "pause" },
    { ...steer, at: resumedAt, wish: "run" },
  ];
}
