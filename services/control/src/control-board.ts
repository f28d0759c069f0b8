/**
 * Desired state, typed: what stands on the control topic, and how it is changed. A change is acknowledged, audited, and seen
 * here, when its promise resolves.
 */
import {
  asOffset,
  type Cancel,
  type ControlLog,
  type Pauser,
  type StateEntry,
  type TargetId,
} from "@millrace/engine";
import { auditEntry, type Audit } from "./audit.ts";
import {
  PAUSERS,
  PAUSES,
  pauseKey,
  pauseValue,
  readPause,
  readPauseKey,
  type Pause,
} from "./pause.ts";
import type { Wish } from "./wish.ts";

/** What changed. */
export type ControlChange =
  | { readonly kind: "paused"; readonly pause: Pause }
  | ({ readonly kind: "resumed" } & Pick<Pause, "pauser" | "target">);

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

/** See the head of this file. */
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
    const prefix = target === undefined ? PAUSES : `${PAUSES}${target}/`;
    const found = this.#log.list(prefix).map(([key, { value }]) => readPause(key, value));
    return found.filter((pause) => pause !== null);
  }

  /**
   * Pauses a target; replaces a pause of the same pauser.
   * @throws MillraceError of the log; may be repeated.
   */
  async pause({ target, pauser, wish }: PauseOrder): Promise<void> {
    const entry = { key: pauseKey(target, pauser), value: pauseValue(wish) };
    await this.#write([entry], { action: "pause", target, wish });
  }

  /**
   * Ends every pause of a target, and resolves to those that stood. It is written in any case: a guard may hold the target
   * whose word has not come through yet.
   * @throws MillraceError of the log; may be repeated.
   */
  async resume(target: TargetId, wish: Wish): Promise<readonly Pause[]> {
    await this.read();
    const standing = this.pauses(target);
    const entries = PAUSERS.map((pauser) => ({ key: pauseKey(target, pauser), value: null }));
    await this.#write(entries, { action: "resume", target, wish });
    return standing;
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

  async #write(entries: readonly Entry[], audit: Audit): Promise<void> {
    const offsets = await this.#log.append([...entries, auditEntry(audit, this.#newId())]);
    await this.#log.readTo(asOffset(Math.max(...offsets)));
  }
}

function changeOf(key: string, entry: StateEntry | null): ControlChange | null {
  if (entry === null) {
    const place = readPauseKey(key);
    return place === null ? null : { kind: "resumed", ...place };
  }
  const pause = readPause(key, entry.value);
  return pause === null ? null : { kind: "paused", pause };
}
