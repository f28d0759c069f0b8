/** Why a whole target waits: people, guards, or what the target itself has said. */
import type { HoldView } from "../view/hold-view.ts";
import type { TargetView } from "../view/target-view.ts";
import { NOWHERE, type Cause } from "./cause.ts";
import type { PauseFact, RewindFact, TargetFacts } from "./facts.ts";
import { failureDetail } from "./failure-detail.ts";

/** Causes that hold the whole target. */
export function holdCauses(facts: TargetFacts): readonly Cause[] {
  const { target, pauses, rewind, members } = facts;
  const views = members.flatMap(({ view }) => view ?? []);
  return [
    ...(rewind === null ? [] : [rewindCause(target, rewind)]),
    ...pauses.map((pause) => pauseCause(target, pause)),
    ...heldBy(target, views, "misconfigured"),
    ...heldBy(target, views, "breaker-open"),
    ...heldBy(target, views, "throttled"),
    ...slowed(target, views),
  ];
}

/** Whoever began it may be at it still, or have died half-way. */
function rewindCause(target: string, { by, reason, since }: RewindFact): Cause {
  const rewind = `millrace groups rewind ${target}`;
  return {
    ...{ ...NOWHERE, kind: "rewinding", target, since },
    details: { by, reason },
    next: `it ends by itself while its command runs; else ${rewind} --reason TEXT goes on with it, and ${rewind} --cancel --reason TEXT takes it back`,
  };
}

function pauseCause(target: string, { pauser, by, reason, since }: PauseFact): Cause {
  const isGuard = pauser === "guard";
  return {
    ...NOWHERE,
    kind: isGuard ? "paused-by-guard" : "paused",
    target,
    since,
    details: { by, reason },
    next: isGuard
      ? `millrace dlq stats --target ${target}; once it is mended: millrace targets resume ${target}`
      : `millrace targets resume ${target}`,
  };
}

const NEXT: Readonly<Record<Exclude<HoldView["kind"], "paused">, (target: string) => string>> = {
  misconfigured: (target) =>
    `check the credentials, certificate and address of ${target}; it is asked again by itself, and by a changed configuration once you restart its processes`,
  "breaker-open": (target) =>
    `look at ${target} itself; it is asked again by itself, or at once: millrace breaker reset ${target}`,
  throttled: (target) =>
    `${target} asked for time; if that goes on, lower its rate or concurrency and restart its processes`,
};

/** One cause for all processes that are held alike. */
function heldBy(
  target: string,
  views: readonly TargetView[],
  kind: Exclude<HoldView["kind"], "paused">,
): readonly Cause[] {
  const held = views.flatMap(({ process, holds, partitions }) => {
    const hold = holds.find((one) => one.kind === kind);
    return hold === undefined ? [] : [{ process, hold, partitions }];
  });
  if (held.length === 0) return [];
  const waits = held.flatMap(({ hold }) => hold.waitMs ?? []);
  const asked = held.flatMap(({ hold }) => (hold.kind === "throttled" ? (hold.toldBy ?? []) : []));
  const heads = held.flatMap(({ partitions }) => partitions.flatMap(({ failing }) => failing));
  const failure = heads.find(({ lastFailure }) => lastFailure !== null)?.lastFailure ?? null;
  return [
    {
      ...NOWHERE,
      kind,
      target,
      since: null,
      details: {
        processes: held.length,
        nextAttemptMs: waits.length === 0 ? null : Math.min(...waits),
        failure: failureDetail(failure),
        status: failure?.status ?? null,
        // Of one that only waits: which process it asked, where that told another.
        ...(kind === "throttled" ? { asked: asked[0] ?? null } : {}),
      },
      next: NEXT[kind](target),
    },
  ];
}

/** The rate, or a limit far below the cap, while there is work. */
function slowed(target: string, views: readonly TargetView[]): readonly Cause[] {
  const busy = views.filter(({ partitions }) => partitions.some(({ unsettled }) => unsettled > 0));
  const causes: Cause[] = [];
  const waiting = busy.filter(({ attempts }) => attempts.rateWaitMs !== null);
  if (waiting.length > 0) {
    causes.push({
      ...{ ...NOWHERE, kind: "rate-limited", target, since: null },
      details: { processes: waiting.length },
      next: `if ${target} takes more, raise its rate and restart its processes`,
    });
  }
  const reduced = busy.filter(({ attempts: { limit, limitMax } }) => limit * 2 <= limitMax);
  const [first] = reduced;
  if (first !== undefined) {
    const { limit, limitMax } = first.attempts;
    causes.push({
      ...{ ...NOWHERE, kind: "slowed-down", target, since: null },
      details: { processes: reduced.length, limit, limitMax },
      next: `${target} answers late or fails under load: look at it, or lower its concurrency and restart its processes`,
    });
  }
  return causes;
}
