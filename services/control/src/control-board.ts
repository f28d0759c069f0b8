/**
 * Desired state, typed: what stands on the control topic, and how it is changed. A change is acknowledged, audited, and seen
 * here, when its promise resolves.
 */
import {
  asOffset,
  type Cancel,
  type ControlLog,
  type DiscardRequest,
  type Pauser,
  type RedriveRequest,
  type TargetId,
} from "@millrace/engine";
import { auditEntry, AUDITS, readAudit, type Audit, type DiscardAction } from "./audit.ts";
import { breakerResetKey, breakerResetValue } from "./breaker-reset.ts";
import { discardKey, DISCARDS, discardValue, readDiscard, type WantedDiscard } from "./discard.ts";
import { changeOf, type ControlChange } from "./control-change.ts";
import { PAUSERS, PAUSES, pauseKey, pauseValue, readPause, type Pause } from "./pause.ts";
import { jobKey, JOBS, jobValue, readJob, type ReplayJob } from "./replay-job.ts";
import { readRedrive, REDRIVES, redriveKey, redriveValue, type WantedRedrive } from "./redrive.ts";
import {
  moveName,
  readRewind,
  rewindKey,
  REWINDS,
  rewindValue,
  type Rewind,
  type RewindOrder,
} from "./rewind.ts";
import {
  isResolvedBy,
  mayFollow,
  readResolution,
  readResolutionKey,
  resolutionKey,
  RESOLUTIONS,
  resolutionValue,
  type DeadLetterEvent,
  type Resolution,
  type WrittenLetter,
} from "./resolution.ts";
import {
  readThrottle,
  throttleKey,
  THROTTLES,
  throttleValue,
  type AskedTime,
  type TargetThrottle,
} from "./throttle.ts";
import type { Wish } from "./wish.ts";

/** A pause to be made. */
export interface PauseOrder {
  readonly target: TargetId;
  readonly pauser: Pauser;
  readonly wish: Wish;
}

interface Entry {
  readonly key: string;
  readonly value: unknown;
}

/** See the head of this file. Every method that writes may be repeated, and throws MillraceError of the log. */
export class ControlBoard {
  readonly #log: ControlLog;
  readonly #newId: () => string;

  /** @param newId gives unique names. */
  constructor(log: ControlLog, newId: () => string) {
    this.#log = log;
    this.#newId = newId;
  }

  /**
   * Reads all that was acknowledged before the call; before the first reading the board is empty.
   * @throws MillraceError of the log; may be repeated.
   */
  read(): Promise<void> {
    return this.#log.readToEnd();
  }

  /** Pauses that stand, of one target or of all. */
  pauses(target?: TargetId): readonly Pause[] {
    return this.#list(PAUSES, target, readPause);
  }

  /** What targets asked for, the last of each; its time may be over. */
  throttles(): readonly TargetThrottle[] {
    return this.#list(THROTTLES, undefined, readThrottle);
  }

  /** What a target asked for last; null where it never did, or it cannot be read. Its time may be over. */
  throttle(target: TargetId): AskedTime | null {
    const key = throttleKey(target);
    return readThrottle(key, this.#log.get(key)?.value)?.asked ?? null;
  }

  /** Redrives that are wanted and have not ended, of one target or of all. */
  redrives(target?: TargetId): readonly WantedRedrive[] {
    return this.#list(REDRIVES, target, readRedrive);
  }

  /** Discards that are wanted and have not ended, of one target or of all. */
  discards(target?: TargetId): readonly WantedDiscard[] {
    return this.#list(DISCARDS, target, readDiscard);
  }

  /** Replays, of one target or of all; those that have ended too. */
  jobs(target?: TargetId): readonly ReplayJob[] {
    const jobs = this.#log.list(JOBS).flatMap(([key, { value }]) => readJob(key, value) ?? []);
    return target === undefined ? jobs : jobs.filter((job) => job.target === target);
  }

  /** The rewind of a target that stands; null: none does. */
  rewind(target: TargetId): Rewind | null {
    const key = rewindKey(target);
    const entry = this.#log.get(key);
    return entry === undefined ? null : readRewind(key, entry.value);
  }

  /** Rewinds that stand, of all targets. */
  rewinds(): readonly Rewind[] {
    return this.#list(REWINDS, undefined, readRewind);
  }

  /** How the dead letter of an event was resolved last; null while it is open. */
  resolution(target: TargetId, event: DeadLetterEvent): Resolution | null {
    return readResolution(this.#log.get(resolutionKey(target, event))?.value);
  }

  /** How something that was wanted of a dead letter ended; null where what is known is of an earlier one of its event. */
  resolutionOf(target: TargetId, event: DeadLetterEvent, { at }: Wish): Resolution | null {
    const resolution = this.resolution(target, event);
    return resolution !== null && mayFollow(resolution, at) ? resolution : null;
  }

  /** Whether someone has resolved a dead letter. */
  isResolved(target: TargetId, letter: DeadLetterEvent & WrittenLetter): boolean {
    const resolution = this.resolution(target, letter);
    return resolution !== null && isResolvedBy(resolution, letter);
  }

  /** What was done to a target, the earliest first. */
  audits(target: TargetId): readonly Audit[] {
    const audits = this.#log.list(AUDITS).flatMap(([, { value }]) => readAudit(value) ?? []);
    const own = audits.filter((audit) => audit.target === target);
    return own.sort((one, other) => one.wish.at - other.wish.at);
  }

  /** Pauses a target; replaces a pause of the same pauser. */
  async pause({ target, pauser, wish }: PauseOrder): Promise<void> {
    const entry = { key: pauseKey(target, pauser), value: pauseValue(wish) };
    await this.#write([entry], { action: "pause", target, wish });
  }

  /**
   * Ends every pause of a target, and resolves to those that stood. It is written in any case: a guard may hold the target
   * whose word has not come through yet.
   */
  async resume(target: TargetId, wish: Wish): Promise<readonly Pause[]> {
    await this.read();
    const standing = this.pauses(target);
    const entries = PAUSERS.map((pauser) => ({ key: pauseKey(target, pauser), value: null }));
    await this.#write(entries, { action: "resume", target, wish });
    return standing;
  }

  /** Has breakers of a target that are open ask it again now, in every process that runs. */
  async resetBreaker(target: TargetId, wish: Wish): Promise<void> {
    const entry = { key: breakerResetKey(target), value: breakerResetValue(wish) };
    await this.#write([entry], { action: "breaker-reset", target, wish });
  }

  /** Tells the other processes of a target that it asked for time. Nobody's action, so no audit. */
  async putThrottle(target: TargetId, asked: AskedTime): Promise<void> {
    await this.#append([{ key: throttleKey(target), value: throttleValue(asked) }]);
  }

  /** Wants dead letters redriven, each with what is parked behind it. At least one. */
  async redrive(target: TargetId, requests: readonly RedriveRequest[], wish: Wish): Promise<void> {
    const value = redriveValue(wish);
    const entries = requests.map((request) => ({ key: redriveKey(target, request), value }));
    const of = entries.map(({ key }) => key);
    await this.#write(entries, { action: "redrive", target, wish, of });
  }

  /** Takes dead letters for done that nobody wants delivered any more. At least one. */
  async drop(target: TargetId, events: readonly DeadLetterEvent[], wish: Wish): Promise<void> {
    const entries = events.map((event) => resolved(target, event, { kind: "dropped", wish }));
    const of = entries.map(({ key }) => key);
    await this.#write(entries, { action: "drop", target, wish, of });
  }

  /** Wants keys to go on without their dead letters, and without what is parked below an event. At least one. */
  async discard(
    target: TargetId,
    requests: readonly DiscardRequest[],
    { action, wish }: Pick<Audit, "wish"> & { readonly action: DiscardAction },
  ): Promise<void> {
    const value = discardValue(wish);
    const entries = requests.map((request) => ({ key: discardKey(target, request), value }));
    const of = entries.map(({ key }) => key);
    await this.#write(entries, { action, target, wish, of });
  }

  /** Has processes of a target leave its group, and keep out of it; replaces a rewind that stands. */
  async beginRewind(order: RewindOrder): Promise<void> {
    const { target, wish } = order;
    const entry = { key: rewindKey(target), value: rewindValue(order) };
    await this.#write([entry], { action: "rewind", target, wish, of: moveNames(order) });
  }

  /**
   * Has what people said of dead letters of events that are read again hold no more for those to come. What they said long
   * before it is known to be of earlier ones, and stays. Nobody's action, so no audit.
   */
  async reopen({ target, moves }: Pick<Rewind, "moves" | "target">, nowMs: number): Promise<void> {
    const open = this.#log.list(`${RESOLUTIONS}${target}/`).flatMap(([key, { value }]) => {
      const [event, resolution] = [readResolutionKey(key), readResolution(value)];
      if (event === null || resolution === null || !mayFollow(resolution, nowMs)) return [];
      const isReread = moves.some(({ topic, partition, to }) => {
        return topic === event.topic && partition === event.partition && to <= event.offset;
      });
      return isReread ? [{ key, value: null }] : [];
    });
    if (open.length > 0) await this.#append(open);
  }

  /**
   * Lets them join again: its offsets are set, or stay as they are.
   * @param order by whom and why it ends, and what it wanted.
   */
  async endRewind(
    order: Pick<Rewind, "moves" | "target"> & { readonly wish: Wish },
    end: "cancel" | "done",
  ): Promise<void> {
    const { target, wish } = order;
    const entry = { key: rewindKey(target), value: null };
    const of = moveNames(order);
    await this.#write([entry], { action: `rewind-${end}`, target, wish, of });
  }

  /** Wants a replay, or wants another thing of it: the whole job is written each time. */
  async putJob(job: ReplayJob): Promise<void> {
    const entry = { key: jobKey(job.id), value: jobValue(job) };
    const { target, wish, state } = job;
    await this.#write([entry], { action: `replay-${state}`, target, wish, of: [entry.key] });
  }

  /** What was wanted has ended; a dead letter that was delivered is resolved with it. Nobody's action, so no audit. */
  async endRedrive(
    target: TargetId,
    request: RedriveRequest,
    resolution: Resolution | null,
  ): Promise<void> {
    const end = { key: redriveKey(target, request), value: null };
    // One that is given up again is open, whatever was said of it before.
    const open = { key: resolutionKey(target, request), value: null };
    await this.#append([resolution === null ? open : resolved(target, request, resolution), end]);
  }

  /** The same of a discard; `resolution` null: what is known of the dead letter stays so. */
  async endDiscard(
    target: TargetId,
    request: DiscardRequest,
    resolution: Resolution | null,
  ): Promise<void> {
    const end = { key: discardKey(target, request), value: null };
    await this.#append(resolution === null ? [end] : [resolved(target, request, resolution), end]);
  }

  /** A redrive has ended with something else that was wanted: what is known of the dead letter stays so. */
  async forgetRedrive(target: TargetId, request: RedriveRequest): Promise<void> {
    await this.#append([{ key: redriveKey(target, request), value: null }]);
  }

  /** Tells of every change from now on. Reading has begun with the first `read`. */
  follow(listener: (change: ControlChange) => void): Cancel {
    return this.#log.follow((key, entry) => {
      const change = changeOf(key, entry);
      if (change !== null) listener(change);
    });
  }

  /** Disconnects. Idempotent. */
  close(): Promise<void> {
    return this.#log.close();
  }

  #list<Value>(
    prefix: string,
    target: TargetId | undefined,
    read: (key: string, value: unknown) => Value | null,
  ): readonly Value[] {
    const entries = this.#log.list(target === undefined ? prefix : `${prefix}${target}/`);
    return entries.flatMap(([key, { value }]) => read(key, value) ?? []);
  }

  #write(entries: readonly Entry[], audit: Audit): Promise<void> {
    return this.#append([...entries, auditEntry(audit, this.#newId())]);
  }

  async #append(entries: readonly Entry[]): Promise<void> {
    const offsets = await this.#log.append(entries);
    await this.#log.readTo(asOffset(Math.max(...offsets)));
  }
}

function moveNames({ target, moves }: Pick<Rewind, "moves" | "target">): readonly string[] {
  return moves.map((move) => moveName(target, move));
}

function resolved(target: TargetId, event: DeadLetterEvent, resolution: Resolution): Entry {
  return { key: resolutionKey(target, event), value: resolutionValue(resolution) };
}
