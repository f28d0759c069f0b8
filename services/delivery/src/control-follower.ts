/**
 * Desired state, brought about in this process: what stands on the control topic before the first dispatch, and every
 * change from then on; and what its guards want, published for the other processes of the target.
 */
import type { ControlBoard, ControlChange, Pause } from "@millrace/control";
import { asTarget, type Clock, type Pauser, type Telemetry } from "@millrace/engine";

/** A target of this process, as far as it is steered. */
export interface SteeredTarget {
  readonly name: string;
  pause(by: Pauser, reason: string): void;
  resume(by: Pauser): void;
  isPaused(by: Pauser): boolean;
}

/** What a follower works with. */
export interface FollowerPorts {
  readonly board: ControlBoard;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Names this process in what it publishes. */
  readonly processId: string;
}

/** Pause before something is published again, ms. */
const PUBLISH_RETRY_MS = 1_000;

/** See the head of this file. */
export class ControlFollower {
  readonly #ports: FollowerPorts;
  readonly #targets: ReadonlyMap<string, SteeredTarget>;
  #hasEnded = false;

  constructor(targets: readonly SteeredTarget[], ports: FollowerPorts) {
    this.#ports = ports;
    this.#targets = new Map(targets.map((target) => [target.name, target]));
  }

  /** Applies what stands, and every change from now on; the board has been read. */
  start(): void {
    const { board } = this.#ports;
    for (const pause of board.pauses()) this.#pause(pause);
    board.follow((change) => this.#apply(change));
  }

  /**
   * A guard of this process has paused a target: the others are told, until they know or it is resumed. What they have been
   * told already is not said again.
   */
  guardPaused(name: string, reason: string): void {
    const { board, clock } = this.#ports;
    const isKnown = board.pauses(asTarget(name)).some(({ pauser }) => pauser === "guard");
    if (!isKnown) void this.#publish(name, { reason, at: clock.wallNow() });
  }

  /** Nothing more is applied or published. */
  stop(): void {
    this.#hasEnded = true;
  }

  #apply(change: ControlChange): void {
    if (this.#hasEnded) return;
    if (change.kind === "paused") return this.#pause(change.pause);
    this.#targets.get(change.target)?.resume(change.pauser);
  }

  #pause({ target, pauser, wish }: Pause): void {
    const reason = wish === null ? "UNREADABLE_ENTRY" : `${wish.reason} (${wish.by})`;
    this.#targets.get(target)?.pause(pauser, reason);
  }

  async #publish(
    name: string,
    { reason, at }: { readonly reason: string; readonly at: number },
  ): Promise<void> {
    const { board, clock, telemetry, processId } = this.#ports;
    const wish = { by: processId, reason, at };
    const isWanted = (): boolean =>
      !this.#hasEnded && this.#targets.get(name)?.isPaused("guard") === true;
    while (isWanted()) {
      try {
        await board.pause({ target: asTarget(name), pauser: "guard", wish });
        return;
      } catch (error) {
        const fields = { target: name, reason, error };
        telemetry.log("warn", "other processes do not know yet that the target is paused", fields);
      }
      await new Promise<void>((resolve) => {
        clock.schedule(PUBLISH_RETRY_MS, resolve);
      });
    }
  }
}
