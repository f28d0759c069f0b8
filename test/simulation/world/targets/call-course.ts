/** How one call to a target goes, drawn when it leaves. */
import type { AttemptResult } from "@millrace/engine";
import type { Draws } from "../plan/draws.ts";
import type { FaultClass } from "../plan/fault-classes.ts";
import type { Episode, Fate, TargetPlan } from "../plan/plan.ts";

/** An answer of a server. */
export interface Answer {
  readonly status: number;
  /** What its Retry-After asks for, as it was sent; null without. */
  readonly retryAfterMs: number | null;
}

/** See the head of this file. Times in ms. */
export type Course =
  /** It never leaves. */
  | { readonly kind: "refused"; readonly waitMs: number; readonly result: AttemptResult }
  | {
      readonly kind: "answered";
      readonly wayMs: number;
      readonly workMs: number;
      readonly answer: Answer;
      readonly isApplied: boolean;
    }
  /** The server does its part, or not; the sender never hears of it. */
  | {
      readonly kind: "unanswered";
      readonly wayMs: number;
      readonly workMs: number;
      readonly isApplied: boolean;
    }
  /** The connection breaks once the server has the call. */
  | {
      readonly kind: "reset";
      readonly wayMs: number;
      readonly workMs: number;
      readonly isApplied: boolean;
    };

/** What a course depends on. */
export interface CourseContext {
  readonly plan: TargetPlan;
  readonly draws: Draws;
  readonly now: number;
  readonly isHealed: boolean;
  readonly episodes: readonly Episode[];
  /** The least share of calls that a fault strikes now. */
  readonly aimAt: (fault: FaultClass) => number;
  readonly fate: Fate;
  /** When its event was. */
  readonly emittedAt: number;
  readonly key: string | null;
  readonly timeoutMs: number;
  readonly onFault: (fault: FaultClass) => void;
}

const YEAR_MS = 31_536_000_000;
/** What targets ask for absurdly, and what they ask for: a long wait holds all processes, and nothing else befalls them meanwhile. */
const ABSURD_MS = [YEAR_MS, -5_000, -5_000, -5_000, 0, 0, 0] as const;
const WAITS_MS = [null, null, 0, 0, 1_000, 1_000, 2_000, 10_000] as const;
/** What a failure asks for its event, shorter and longer than a backoff. */
const FAILED_WAITS_MS = [1_000, 5_000, 30_000] as const;

/** Draws the course of a call. */
export function drawCourse(context: CourseContext): Course {
  const { isHealed, fate } = context;
  const episode = isHealed ? undefined : episodeAt(context);
  if (episode !== undefined) {
    context.onFault(episode.fault);
    return episodeCourse(context, episode);
  }
  if (!isHealed) {
    const faulty = faultyCourse(context);
    if (faulty !== null) return faulty;
  }
  return fate === "reject" && !isMended(context) ? rejected(context) : delivered(context, 204);
}

/** Whether someone has mended what an event was refused for. */
function isMended({ plan, now, emittedAt }: CourseContext): boolean {
  const { rejectsUntil = Infinity, rejectsForMs = Infinity } = plan;
  return now >= Math.min(rejectsUntil, emittedAt + rejectsForMs);
}

/** Where several are under way, each call has its own. */
function episodeAt({ episodes, now, draws, plan }: CourseContext): Episode | undefined {
  const current = episodes.filter(({ from, to }) => now >= from && now < to);
  return current.length < 2 ? current[0] : draws.pick(`${plan.name}.episode`, current);
}

function episodeCourse(context: CourseContext, { kind }: Episode): Course {
  const { draws, plan, timeoutMs } = context;
  switch (kind) {
    case "outage":
      return failed(context, draws.pick(`${plan.name}.outage`, [500, 502, 503]));
    case "refused":
      return refused(context);
    case "throttled":
      return throttled(context);
    case "throttled-absurdly":
      return answered(context, {
        status: draws.pick(`${plan.name}.absurd`, [429, 503]),
        retryAfterMs: draws.pick(`${plan.name}.absurd`, ABSURD_MS),
      });
    case "unauthorized":
      return answered(context, {
        status: draws.pick(`${plan.name}.401`, [401, 403]),
        retryAfterMs: null,
      });
    case "redirect":
      return answered(context, {
        status: draws.pick(`${plan.name}.3xx`, [301, 302, 307]),
        retryAfterMs: null,
      });
    case "tls":
      return {
        kind: "refused",
        waitMs: connectMs(context),
        result: {
          kind: "misconfigured",
          reason: "TLS_FAILED",
          status: null,
          detail: "certificate has expired",
        },
      };
    case "slow":
      return {
        ...delivered(context, 200),
        workMs: draws.between(`${plan.name}.slow`, timeoutMs / 4, timeoutMs * 0.95),
      };
    case "hang":
      return unanswered(context, { isApplied: false });
  }
}

/** At most one fault a call; each class has its own draws. */
function faultyCourse(context: CourseContext): Course | null {
  const { plan, draws, key, timeoutMs } = context;
  const { faults, name } = plan;
  const strikes = (fault: FaultClass, share: number): boolean => {
    const isFaulty = draws.isFaulty(`${name}.${fault}`, Math.max(share, context.aimAt(fault)));
    if (isFaulty) context.onFault(fault);
    return isFaulty;
  };
  if (strikes("refused", faults.refusals)) return refused(context);
  if (strikes("server-error", faults.serverErrors)) {
    return failed(context, draws.pick(`${name}.5xx`, [500, 502, 503, 504, 408, 425, 409]));
  }
  if (strikes("throttle", faults.throttles)) return throttled(context);
  if (strikes("lost-answer", faults.lostAnswers)) return unanswered(context, { isApplied: true });
  if (strikes("hang", faults.hangs)) return unanswered(context, { isApplied: false });
  if (strikes("late-arrival", faults.lateArrivals)) {
    const wayMs = timeoutMs * draws.between(`${name}.late`, 0.8, 3);
    return { ...delivered(context, 200), wayMs };
  }
  if (strikes("reset", faults.resets)) {
    const { wayMs, workMs } = times(context);
    return { kind: "reset", wayMs, workMs, isApplied: draws.chance(`${name}.applied`, 0.5) };
  }
  if (strikes("invalid-answer", faults.invalidAnswers))
    return answered(context, { status: 999, retryAfterMs: null });
  if (strikes("slow-call", faults.slowCalls)) {
    return {
      ...delivered(context, 200),
      workMs: timeoutMs * draws.between(`${name}.slowness`, 0.2, 1.3),
    };
  }
  if (key !== null && faults.slowKeys.has(key)) {
    context.onFault("slow-key");
    return { ...delivered(context, 200), workMs: faults.slowKeyMs };
  }
  return null;
}

/** A definite refusal of a target that is well. */
function rejected(context: CourseContext): Course {
  context.onFault("reject");
  const status = context.draws.pick(`${context.plan.name}.4xx`, [400, 404, 410, 413, 422]);
  return answered(context, { status, retryAfterMs: null });
}

function refused(context: CourseContext): Course {
  const { draws, plan } = context;
  const reason = draws.pick(`${plan.name}.refused`, ["CONNECT_FAILED", "DNS_FAILED"] as const);
  return {
    kind: "refused",
    waitMs: connectMs(context),
    result: { kind: "retry", reason, status: null, ambiguous: false, retryAfterMs: null },
  };
}

/** How long a connection takes that fails: most say so at once. */
function connectMs({ draws, plan, timeoutMs }: CourseContext): number {
  const isSlow = draws.chance(`${plan.name}.connect`, 0.2);
  return draws.between(`${plan.name}.connect`, 0.5, isSlow ? timeoutMs * 0.8 : 3);
}

function throttled(context: CourseContext): Course {
  const { draws, plan } = context;
  const retryAfterMs = draws.pick(`${plan.name}.429`, WAITS_MS);
  const status = retryAfterMs === null ? 429 : draws.pick(`${plan.name}.429`, [429, 503]);
  return answered(context, { status, retryAfterMs });
}

/** A server error may come after the work was done. */
function failed(context: CourseContext, status: number): Course {
  const { draws, plan } = context;
  const mayBeApplied = status >= 500 || status === 408;
  const isApplied = mayBeApplied && draws.chance(`${plan.name}.applied`, 0.3);
  const isTimed = draws.chance(`${plan.name}.retry-after`, 0.1) && status !== 503;
  const retryAfterMs = isTimed ? draws.pick(`${plan.name}.retry-after`, FAILED_WAITS_MS) : null;
  return { kind: "answered", ...times(context), answer: { status, retryAfterMs }, isApplied };
}

function answered(context: CourseContext, answer: Answer): Course {
  return { kind: "answered", ...times(context), answer, isApplied: false };
}

function unanswered(
  context: CourseContext,
  { isApplied }: { readonly isApplied: boolean },
): Course {
  return { kind: "unanswered", ...times(context), isApplied };
}

function delivered(context: CourseContext, status: number): Extract<Course, { kind: "answered" }> {
  return {
    kind: "answered",
    ...times(context),
    answer: { status, retryAfterMs: null },
    isApplied: true,
  };
}

function times({ plan, draws }: CourseContext): {
  readonly wayMs: number;
  readonly workMs: number;
} {
  const { from, to } = plan.latencyMs;
  const wayMs = draws.between(`${plan.name}.way`, 0.5, 3);
  return { wayMs, workMs: draws.between(`${plan.name}.work`, from, to) };
}
