/**
 * A target: a server that answers, fails, hangs and lies as its plan says, behind a network that does the same. It
 * keeps a log of its own of what arrived and what it answered; it knows nothing of the engine.
 */
import { classify } from "@millrace/http";
import type { AbandonAttempt, AttemptRequest, AttemptResult } from "@millrace/engine";
import { drawCourse, type Course } from "./call-course.ts";
import { digest } from "../digest.ts";
import type { Draws } from "../plan/draws.ts";
import type { EventQueue } from "../event-queue.ts";
import type { FaultClass } from "../plan/fault-classes.ts";
import type { HistoryBook } from "../history-book.ts";
import type { Machine } from "../processes/machine.ts";
import type { Episode, Fate, TargetPlan } from "../plan/plan.ts";

/** What a call is about, from its `Millrace-Position`. */
export interface CallPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** One call, as it comes from a process. */
export interface Call extends CallPlace {
  /** What it belongs to, as whoever asked for it knows; null: live traffic. */
  readonly job: string | null;
  readonly machine: Machine;
  readonly request: AttemptRequest;
  readonly onResult: (result: AttemptResult) => void;
}

/** What a target needs of its world. */
export interface ApiPorts {
  readonly queue: EventQueue;
  readonly draws: Draws;
  readonly book: HistoryBook;
  /** Of the event that a call is about. */
  readonly fateOf: (place: CallPlace) => {
    readonly fate: Fate;
    readonly emittedAt: number;
    readonly key: string | null;
  };
  readonly onFault: (fault: FaultClass, machine: Machine) => void;
  /** The least share of calls that a fault strikes now, whatever the plan says. */
  readonly aimAt: (fault: FaultClass, machine: Machine) => number;
  /** Whether a call that a fault strikes is to be kept until its sender is in a state; see {@link TargetApi.letGo}. */
  readonly isKept: (fault: FaultClass, machine: Machine) => boolean;
}

/** What a `recv` line says besides its call. */
interface Words {
  readonly ev: "arrive" | "answer" | "broken";
  readonly status?: number;
  readonly retryAfterMs?: number | null;
  readonly isWhole?: boolean;
  readonly isApplied?: boolean;
}

/** A call on the wire or at the server. */
interface OpenCall extends Call {
  readonly fault: FaultClass | null;
  readonly arrival: number;
  isArrived: boolean;
  /** Its sender has hung up. */
  isGone: boolean;
  /** The server has said its last word on it. */
  isClosed: boolean;
  hasEnded: boolean;
  /** Ends it before its time; null: nobody waits for that. */
  letGo: (() => void) | null;
}

/** Calls that are kept at once, and for how much of their senders' patience. */
const KEPT_MAX = 12;
const KEPT_SHARE = 0.9;

/** What a sender knows of a Retry-After is bounded by its parser. */
const RETRY_AFTER_MAX_MS = 900_000;

const RESET = {
  kind: "retry",
  reason: "RESET",
  status: null,
  ambiguous: true,
  retryAfterMs: null,
} as const;
const TIMED_OUT = { ...RESET, reason: "TIMEOUT" } as const;

/** See the head of this file. */
export class TargetApi {
  readonly plan: TargetPlan;
  /** No faults any more, but for events that it will never take. */
  isHealed = false;
  readonly #ports: ApiPorts;
  readonly #open = new Set<OpenCall>();
  readonly #episodes: Episode[];
  readonly #kept = new Set<OpenCall>();
  #arrivalCount = 0;

  constructor(plan: TargetPlan, ports: ApiPorts) {
    this.plan = plan;
    this.#ports = ports;
    this.#episodes = [...plan.faults.episodes];
  }

  get arrivalCount(): number {
    return this.#arrivalCount;
  }

  /** Calls that are on the wire or at the server. */
  get openCount(): number {
    return this.#open.size;
  }

  /** For a while it answers so from now on, before anything else. */
  begin(episode: Episode): void {
    this.#episodes.unshift(episode);
  }

  /** Ends calls that are kept: those of which this is said. */
  letGo(isDue: (fault: FaultClass, machine: Machine) => boolean): void {
    for (const open of this.#kept) {
      if (open.hasEnded || open.machine.isDead) this.#kept.delete(open);
      else if (open.fault !== null && isDue(open.fault, open.machine)) open.letGo?.();
    }
  }

  /** Takes a call on its way. */
  send(call: Call): AbandonAttempt {
    const { machine, request } = call;
    let fault: FaultClass | null = null;
    const course = this.#course(call, (drawn) => {
      fault = drawn;
    });
    const open: OpenCall = {
      ...call,
      fault,
      arrival: this.#arrivalCount,
      isArrived: false,
      isGone: false,
      isClosed: false,
      hasEnded: false,
      letGo: null,
    };
    this.#arrivalCount += 1;
    if (course.kind === "refused") {
      this.#wait(open, course.waitMs, () => {
        machine.schedule(0, () => this.#end(open, course.result));
      });
    } else {
      this.#open.add(open);
      machine.schedule(request.timeoutMs, () => this.#giveUp(open, TIMED_OUT));
      this.#ports.queue.after(course.wayMs, () => this.#arrive(open, course));
    }
    const abandoned = { kind: "abandoned", ambiguous: course.kind !== "refused" } as const;
    return () => {
      machine.schedule(0, () => this.#giveUp(open, abandoned));
    };
  }

  /** The connections of a process that has died end. */
  hangUp(machine: Machine): void {
    for (const open of this.#open) if (open.machine === machine) this.#leave(open);
  }

  #course(
    { topic, partition, offset, request, machine }: Call,
    onFault: (fault: FaultClass) => void,
  ): Course {
    const { draws, queue, fateOf, aimAt } = this.#ports;
    return drawCourse({
      plan: this.plan,
      draws,
      now: queue.now,
      isHealed: this.isHealed,
      episodes: this.#episodes,
      aimAt: (fault) => aimAt(fault, machine),
      ...fateOf({ topic, partition, offset }),
      timeoutMs: request.timeoutMs,
      onFault,
    });
  }

  #arrive(open: OpenCall, course: Exclude<Course, { kind: "refused" }>): void {
    open.isArrived = true;
    this.#write(open, { ev: "arrive" });
    if (course.kind === "unanswered")
      this.#ports.queue.after(course.workMs, () => this.#finish(open, course));
    else this.#wait(open, course.workMs, () => this.#finish(open, course));
  }

  /** As long as it takes; a call that is kept waits as long as it can, or until it is let go. */
  #wait(open: OpenCall, ms: number, run: () => void): void {
    const { queue, isKept } = this.#ports;
    const { fault, machine, request } = open;
    if (fault === null || this.#kept.size >= KEPT_MAX || !isKept(fault, machine)) {
      queue.after(ms, run);
      return;
    }
    const end = (): void => {
      this.#kept.delete(open);
      run();
    };
    const cancel = queue.after(Math.max(ms, request.timeoutMs * KEPT_SHARE), end);
    open.letGo = () => {
      open.letGo = null;
      cancel();
      queue.after(0, end);
    };
    this.#kept.add(open);
  }

  /** The server is through with it. */
  #finish(open: OpenCall, course: Exclude<Course, { kind: "refused" }>): void {
    if (open.isClosed) return;
    const { isApplied } = course;
    const { machine } = open;
    if (open.isGone) return this.#close(open, { ev: "broken", isApplied });
    switch (course.kind) {
      case "answered": {
        const { status, retryAfterMs } = course.answer;
        this.#close(open, { ev: "answer", status, retryAfterMs, isWhole: true, isApplied });
        const result = resultOf(course.answer);
        machine.schedule(this.#way(), () => this.#end(open, result));
        return;
      }
      case "reset":
        this.#close(open, { ev: "broken", isApplied });
        machine.schedule(this.#way(), () => this.#end(open, RESET));
        return;
      case "unanswered":
        // The answer of one that was applied is on its way, and gets lost there.
        if (isApplied)
          this.#write(open, {
            ev: "answer",
            status: 200,
            retryAfterMs: null,
            isWhole: false,
            isApplied,
          });
    }
  }

  #giveUp(open: OpenCall, result: AttemptResult): void {
    if (open.hasEnded) return;
    this.#leave(open);
    this.#end(open, result);
  }

  #end(open: OpenCall, result: AttemptResult): void {
    if (open.hasEnded) return;
    open.hasEnded = true;
    const { fault, machine } = open;
    // A fault has struck when its sender hears of it.
    if (fault !== null && result.kind !== "abandoned") this.#ports.onFault(fault, machine);
    open.onResult(result);
  }

  /** The sender hangs up; the server notices a little later, if the call has come so far. */
  #leave(open: OpenCall): void {
    if (open.isGone || open.isClosed) return;
    open.isGone = true;
    this.#ports.queue.after(this.#way(), () => {
      if (open.isArrived && !open.isClosed) this.#close(open, { ev: "broken", isApplied: false });
    });
  }

  #close(open: OpenCall, words: Words): void {
    open.isClosed = true;
    this.#open.delete(open);
    this.#write(open, words);
  }

  #write(open: OpenCall, words: Words): void {
    const { topic, partition, offset, arrival, request, machine, job } = open;
    this.#ports.book.write({
      h: "recv",
      at: this.#ports.queue.now,
      target: this.plan.name,
      topic,
      partition,
      offset,
      arrival,
      idempotencyKey: request.headers["idempotency-key"] ?? "",
      bodySha: digest(request.body ?? ""),
      job,
      process: machine.name,
      ...words,
    });
  }

  #way(): number {
    return this.#ports.draws.between(`${this.plan.name}.way`, 0.5, 3);
  }
}

function resultOf({
  status,
  retryAfterMs,
}: {
  readonly status: number;
  readonly retryAfterMs: number | null;
}): AttemptResult {
  const asked =
    retryAfterMs === null ? null : Math.min(Math.max(0, retryAfterMs), RETRY_AFTER_MAX_MS);
  return classify({ status, retryAfterMs: asked, location: null }, { onConflict: "retry" });
}
