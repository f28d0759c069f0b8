/**
 * Desired state, brought about in this process: what stands on the control topic before the first dispatch, and every
 * change from then on; and what its guards want, or its targets asked for, published for the other processes of the target.
 */
import {
  isInRuns,
  rewindText,
  type BreakerReset,
  type ControlBoard,
  type ControlChange,
  type JobRange,
  type Pause,
  type ReplayJob,
  type Rewind,
  type TargetThrottle,
  type WantedDiscard,
} from "@millrace/control";
import {
  asOffset,
  asRecordKey,
  asTarget,
  type AsideWish,
  type Clock,
  type DiscardEnd,
  type DiscardRequest,
  type JobId,
  type Pauser,
  type RecordKey,
  type RedriveEnd,
  type RedriveRequest,
  type ReplayOrder,
  type ReplaySelect,
  type ReplayWish,
  type Telemetry,
  type ThrottleNotice,
} from "@millrace/engine";

/** A target of this process, as far as it is steered: as the driver says of these. */
export interface SteeredTarget {
  readonly name: string;
  pause(by: Pauser, reason: string): void;
  resume(by: Pauser): void;
  isPaused(by: Pauser): boolean;
  resetBreaker(): void;
  throttle(notice: ThrottleNotice): void;
  redrive(request: RedriveRequest): void;
  discard(request: DiscardRequest): void;
  forget(wish: AsideWish): void;
  replay(order: ReplayOrder): void;
  steerReplay(job: JobId, wish: ReplayWish): void;
  /** Leaves its group once it has drained, and keeps out of it. Idempotent. */
  standDown(why: string): void;
  /** Joins its group again; changes nothing where it is in it. */
  standUp(): void;
}

/** What a follower works with. */
export interface FollowerPorts {
  readonly board: ControlBoard;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Names this process in what it publishes. */
  readonly processId: string;
}

/** Pause before something is written again, ms. */
const WRITE_RETRY_MS = 1_000;

interface Writing {
  readonly isWanted: () => boolean;
  readonly write: () => Promise<void>;
}

/** See the head of this file. */
export class ControlFollower {
  readonly #ports: FollowerPorts;
  readonly #targets: ReadonlyMap<string, SteeredTarget>;
  /** What each target asked for last: what is written of it still. */
  readonly #notices = new Map<string, ThrottleNotice>();
  #hasEnded = false;

  constructor(targets: readonly SteeredTarget[], ports: FollowerPorts) {
    this.#ports = ports;
    this.#targets = new Map(targets.map((target) => [target.name, target]));
  }

  /** Applies what stands, and every change from now on; the board has been read. */
  start(): void {
    const { board } = this.#ports;
    for (const rewind of board.rewinds()) this.#standDown(rewind);
    for (const name of this.#targets.keys()) this.bringUp(name);
    board.follow((change) => this.#apply(change));
  }

  /** Applies to a target that is about to run what stands of it. */
  bringUp(name: string): void {
    const { board } = this.#ports;
    const target = asTarget(name);
    for (const pause of board.pauses(target)) this.#pause(pause);
    const throttle = board.throttles().find((one) => one.target === target);
    if (throttle !== undefined) this.#throttle(throttle);
    for (const { request } of board.redrives(target)) this.#targets.get(name)?.redrive(request);
    for (const { request } of board.discards(target)) this.#targets.get(name)?.discard(request);
    for (const job of board.jobs(target)) this.#replay(job);
  }

  /**
   * A guard of this process has paused a target: the others are told, until they know or it is resumed. What they have been
   * told already is not said again.
   */
  guardPaused(name: string, reason: string): void {
    const { board, clock } = this.#ports;
    const isKnown = board.pauses(asTarget(name)).some(({ pauser }) => pauser === "guard");
    if (isKnown) return;
    const wish = { by: this.#ports.processId, reason, at: clock.wallNow() };
    void this.#untilWritten(`the guard's pause of ${name}`, {
      isWanted: () => this.#targets.get(name)?.isPaused("guard") === true,
      write: () => board.pause({ target: asTarget(name), pauser: "guard", wish }),
    });
  }

  /** A target asked this process for time: the others are told, until they know, it is over, or it asked for more. */
  throttled(name: string, notice: ThrottleNotice): void {
    const { board, clock } = this.#ports;
    const { by, at, until } = notice;
    const wish = { by, reason: "HTTP_THROTTLED", at };
    this.#notices.set(name, notice);
    void this.#untilWritten(`the time that ${name} asked for`, {
      isWanted: () => this.#notices.get(name) === notice && clock.wallNow() < until,
      write: () => board.putThrottle(asTarget(name), { until, wish }),
    });
  }

  /** A redrive that someone wanted has ended under this process. */
  redriven(name: string, request: RedriveRequest, end: RedriveEnd): void {
    const { board, clock, processId } = this.#ports;
    const target = asTarget(name);
    const wish = { by: processId, reason: "redriven", at: clock.wallNow() };
    const resolution = end === "delivered" ? ({ kind: "redriven", wish } as const) : null;
    void this.#untilWritten(`the end of a redrive of ${name}`, {
      isWanted: () => true,
      write: () =>
        // Who dropped it says so.
        end === "dropped"
          ? board.forgetRedrive(target, request)
          : board.endRedrive(target, request, resolution),
    });
  }

  /** A discard that someone wanted has ended under this process: who wanted it has dropped the dead letter. */
  discarded(name: string, request: DiscardRequest, end: DiscardEnd): void {
    const { board, clock, processId } = this.#ports;
    const target = asTarget(name);
    const standing = board.discards(target).find(isWish(request))?.wish ?? null;
    const wish = standing ?? { by: processId, reason: "UNREADABLE_ENTRY", at: clock.wallNow() };
    void this.#untilWritten(`the end of a discard of ${name}`, {
      isWanted: () => true,
      write: () => {
        // An earlier owner may have ended what came before this one, and said how.
        const isTold = end === "elsewhere" && board.resolutionOf(target, request, wish) !== null;
        const isDropped = end === "dropped" || (end === "elsewhere" && !isTold);
        return board.endDiscard(target, request, isDropped ? { kind: "dropped", wish } : null);
      },
    });
  }

  /** Nothing more is applied or published. */
  stop(): void {
    this.#hasEnded = true;
  }

  #apply(change: ControlChange): void {
    if (this.#hasEnded) return;
    switch (change.kind) {
      case "paused":
        return this.#pause(change.pause);
      case "resumed":
        return this.#targets.get(change.target)?.resume(change.pauser);
      case "breaker-reset":
        return this.#resetBreaker(change.reset);
      case "throttled":
        return this.#throttle(change.throttle);
      case "redrive":
        return this.#targets.get(change.redrive.target)?.redrive(change.redrive.request);
      case "replay":
        return this.#replay(change.job);
      case "rewind":
        return this.#standDown(change.rewind);
      case "rewind-ended":
        return this.#targets.get(change.target)?.standUp();
      case "redrive-ended":
        return this.#targets.get(change.target)?.forget({ ...change, kind: "redrive" });
      case "discard":
        return this.#targets.get(change.discard.target)?.discard(change.discard.request);
      case "discard-ended":
        return this.#targets.get(change.target)?.forget({ ...change, kind: "discard" });
    }
  }

  #pause({ target, pauser, wish }: Pause): void {
    const reason = wish === null ? "UNREADABLE_ENTRY" : `${wish.reason} (${wish.by})`;
    this.#targets.get(target)?.pause(pauser, reason);
  }

  #throttle({ target: name, asked }: TargetThrottle): void {
    const target = this.#targets.get(name);
    if (target === undefined) return;
    if (asked === null) {
      this.#ports.telemetry.log(
        "warn",
        "the time that a target asked another process for cannot be read (a newer version?): ignored",
        { target: name },
      );
      return;
    }
    const { until, wish } = asked;
    target.throttle({ by: wish.by, at: wish.at, until });
  }

  #standDown(rewind: Rewind): void {
    this.#targets.get(rewind.target)?.standDown(rewindText(rewind));
  }

  #resetBreaker({ target: name, wish }: BreakerReset): void {
    const target = this.#targets.get(name);
    if (target === undefined) return;
    const who = { by: wish?.by ?? null, reason: wish?.reason ?? null };
    this.#ports.telemetry.log("info", "breaker reset: if open, it asks the target again now", {
      ...{ target: name, ...who },
    });
    target.resetBreaker();
  }

  /** What is wanted of a job comes first: one that is not to run must not begin. */
  #replay({ id: job, target: name, mode, ranges, keys, state }: ReplayJob): void {
    const target = this.#targets.get(name);
    if (target === undefined) return;
    target.steerReplay(job, state);
    const wanted = keys === null ? null : new Set(keys);
    for (const { topic, partition, from, to, only } of ranges) {
      const range = { topic, partition, from: asOffset(from), to: asOffset(to) };
      target.replay({ job, mode, ...range, select: selectOf(wanted, only) });
    }
  }

  /** What is not written when the process ends is found by whoever takes the target over. */
  async #untilWritten(what: string, { isWanted, write }: Writing): Promise<void> {
    const { clock, telemetry } = this.#ports;
    while (!this.#hasEnded && isWanted()) {
      try {
        await write();
        return;
      } catch (error) {
        telemetry.log("warn", "other processes do not know yet: it is written again", {
          what,
          error,
        });
      }
      await new Promise<void>((resolve) => {
        clock.schedule(WRITE_RETRY_MS, resolve);
      });
    }
  }
}

function isWish(request: DiscardRequest): (discard: WantedDiscard) => boolean {
  const nameOf = ({ topic, partition, key, offset, redriveCount, below }: DiscardRequest): string =>
    JSON.stringify([topic, partition, key, offset, redriveCount, below]);
  const name = nameOf(request);
  return (discard) => nameOf(discard.request) === name;
}

function selectOf(keys: ReadonlySet<RecordKey> | null, only: JobRange["only"]): ReplaySelect {
  return ({ key, offset }) => {
    if (only !== null && !isInRuns(only, offset)) return false;
    if (keys === null) return true;
    return key !== null && keys.has(asRecordKey(Buffer.from(key).toString("latin1")));
  };
}
