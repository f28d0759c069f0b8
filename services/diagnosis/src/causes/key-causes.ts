/** Keys that hold their own events, and no others. */
import type { LaneView } from "../view/partition-view.ts";
import { EVIDENCE_MAX, KEYS_MAX, type Cause } from "./cause.ts";
import type { SetAsideFact, TargetFacts } from "./facts.ts";
import { failureDetail } from "./failure-detail.ts";

const KIND_OF = {
  block: "partition-blocked",
  quarantine: "key-quarantined",
  deferred: "key-deferred",
} as const satisfies Readonly<Record<SetAsideFact["kind"], Cause["kind"]>>;

const NEXT_OF: Readonly<Record<SetAsideFact["kind"], (target: string) => string>> = {
  block: redrive,
  quarantine: redrive,
  deferred: (target) =>
    `look at ${target}, which is slow with these keys; they go on by themselves, behind the others: millrace quarantine list --target ${target}`,
};

/** Causes that lie with keys: those set aside, by what they failed of, and those that are tried again. */
export function keyCauses({ target, setAside, members }: TargetFacts): readonly Cause[] {
  const groups = Map.groupBy(setAside, ({ kind, reason, error }) =>
    JSON.stringify([kind, reason, error]),
  );
  const aside = Array.from(groups.values(), (facts) => asideCause(target, facts));
  const failing = members.flatMap(({ view }) =>
    (view?.partitions ?? []).flatMap(({ topic, partition, failing: lanes }) =>
      lanes
        .filter(isTriedAgain)
        .map((lane) => ({ lane, place: `${topic}:${partition}:${lane.offset}` })),
    ),
  );
  const held = members.some(({ view }) => (view?.holds.length ?? 0) > 0);
  // While the target is held, that is why they fail.
  return failing.length === 0 || held ? aside : [...aside, failingCause(target, failing)];
}

function redrive(target: string): string {
  return `millrace dlq list --target ${target}; once it is mended: millrace dlq redrive --target ${target} --reason TEXT`;
}

function isTriedAgain({ state }: LaneView): boolean {
  return state === "waiting" || state === "in-flight" || state === "ready";
}

function asideCause(target: string, facts: readonly SetAsideFact[]): Cause {
  const [first] = facts;
  const kind = first?.kind ?? "quarantine";
  const keys = facts.flatMap(({ key }) => key ?? []);
  const since = facts.flatMap((fact) => fact.since ?? []).sort();
  return {
    kind: KIND_OF[kind],
    target,
    keys: keys.slice(0, KEYS_MAX),
    keyCount: facts.length,
    since: since[0] ?? null,
    evidence: facts
      .slice(0, EVIDENCE_MAX)
      .map(({ topic, partition, offset }) => `${topic}:${partition}:${offset}`),
    details: {
      reason: first?.reason ?? null,
      error: first?.error ?? null,
      waiting: facts.reduce((sum, { parkedCount }) => sum + parkedCount, 0),
    },
    next: NEXT_OF[kind](target),
  };
}

function failingCause(
  target: string,
  failing: readonly { readonly lane: LaneView; readonly place: string }[],
): Cause {
  const oldest = failing.toSorted((one, other) => (one.lane.since < other.lane.since ? -1 : 1));
  const [first] = oldest;
  const failure = first?.lane.lastFailure ?? null;
  const waits = failing.flatMap(({ lane }) => lane.nextAttemptMs ?? []);
  return {
    kind: "key-failing",
    target,
    keys: oldest.flatMap(({ lane }) => lane.key ?? []).slice(0, KEYS_MAX),
    keyCount: failing.length,
    since: first?.lane.since ?? null,
    evidence: oldest.slice(0, EVIDENCE_MAX).map(({ place }) => place),
    details: {
      attempts: first?.lane.attempts ?? null,
      failure: failureDetail(failure),
      status: failure?.status ?? null,
      nextAttemptMs: waits.length === 0 ? null : Math.min(...waits),
    },
    next: `look at ${target} for these keys; they are tried again by themselves`,
  };
}
