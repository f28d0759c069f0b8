import { FAULTLESS, type BrokerFaults, type RequestFaults } from "../world/plan/fault-plan.ts";
import type { FaultClass } from "../world/plan/fault-classes.ts";
import type { Plan, TargetFaults } from "../world/plan/plan.ts";

/** The same plan without a class of faults. */
export function withoutClass(plan: Plan, fault: FaultClass): Plan {
  const classes = new Set(plan.classes);
  classes.delete(fault);
  return {
    ...plan,
    classes,
    targets: plan.targets.map((target) => ({ ...target, faults: ofTarget(target.faults, fault) })),
    // A late start is a start all the same.
    operations: plan.operations.filter(
      (operation) => operation.fault !== fault || operation.kind === "start",
    ),
    broker: ofBroker(plan.broker, fault),
    crashes: {
      send: fault === "crash-in-send" ? 0 : plan.crashes.send,
      commit: fault === "crash-in-commit" ? 0 : plan.crashes.commit,
      produce: fault === "crash-in-produce" ? 0 : plan.crashes.produce,
      state: fault === "crash-in-state" ? 0 : plan.crashes.state,
    },
    freezes: fault === "freeze" ? { ...plan.freezes, share: 0 } : plan.freezes,
    foci: plan.foci.filter((focus) => focus.fault !== fault),
    refetchShare: fault === "refetch" ? 0 : plan.refetchShare,
    events: plan.events.map((event) => ({
      ...event,
      gapCount: fault === "gaps" ? 0 : event.gapCount,
      fates: Object.fromEntries(
        Object.entries(event.fates).map(([target, fate]) => [
          target,
          fate === fault ? "deliver" : fate,
        ]),
      ),
    })),
  };
}

const SHARES: Readonly<Partial<Record<FaultClass, keyof TargetFaults>>> = {
  "server-error": "serverErrors",
  throttle: "throttles",
  "lost-answer": "lostAnswers",
  "late-arrival": "lateArrivals",
  reset: "resets",
  hang: "hangs",
  refused: "refusals",
  "invalid-answer": "invalidAnswers",
  "slow-call": "slowCalls",
};

function ofTarget(faults: TargetFaults, fault: FaultClass): TargetFaults {
  const share = SHARES[fault];
  return {
    ...faults,
    ...(share === undefined ? {} : { [share]: 0 }),
    slowKeys: fault === "slow-key" ? new Set() : faults.slowKeys,
    episodes: faults.episodes.filter((episode) => episode.fault !== fault),
  };
}

function ofBroker(faults: BrokerFaults, fault: FaultClass): BrokerFaults {
  const of = (kind: keyof BrokerFaults): RequestFaults => ({
    ...faults[kind],
    lost: fault === `${kind}-lost` ? FAULTLESS.lost : faults[kind].lost,
    unanswered: fault === `${kind}-unanswered` ? FAULTLESS.unanswered : faults[kind].unanswered,
    delayed: fault === `${kind}-delayed` ? FAULTLESS.delayed : faults[kind].delayed,
    late: fault === "straggler" ? FAULTLESS.late : faults[kind].late,
  });
  return {
    commit: of("commit"),
    produce: of("produce"),
    state: of("state"),
    group: of("group"),
    journal: of("journal"),
    fetch: of("fetch"),
  };
}
