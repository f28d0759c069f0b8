/**
 * A target of this process: running, or out of its group while a rewind of it stands. Leaving takes a drain, so what is wanted may
 * have changed by its end: whatever was said last is brought about. A runner is never started twice; the next one is made anew.
 *
 * Owns: the runner that there is, and the pauses that stand and the time that the target asked for, which outlive it.
 */
import type {
  AsideWish,
  DiscardRequest,
  DriverOwner,
  JobId,
  Pauser,
  RedriveRequest,
  ReplayOrder,
  ReplayWish,
  Telemetry,
  ThrottleNotice,
} from "@millrace/engine";
import type { SteeredTarget } from "./control-follower.ts";
import type { TargetRunner } from "./target-runner.ts";

/** What a keeper works with. */
export interface KeeperPorts {
  readonly createRunner: (owner: DriverOwner) => TargetRunner;
  readonly owner: DriverOwner;
  /** A runner was made and is about to start: what is wanted of the target is brought about on it, through the keeper. */
  readonly onCreated: () => void;
  readonly telemetry: Pick<Telemetry, "log">;
}

/** See the head of this file. */
export class TargetKeeper implements SteeredTarget {
  readonly name: string;
  readonly #ports: KeeperPorts;
  readonly #pauses = new Map<Pauser, string>();
  /** What the target asked this process for last; its time may be over. */
  #asked: ThrottleNotice | null = null;
  #runner: TargetRunner | null = null;
  /** Why it is to be out; null: it is to run. */
  #keptOut: string | null = null;
  #isTurning = false;
  #life: "new" | "begun" | "ended" = "new";

  constructor(name: string, ports: KeeperPorts) {
    this.name = name;
    this.#ports = ports;
  }

  /** Null while it is out of its group. */
  get runner(): TargetRunner | null {
    return this.#runner;
  }

  /** Why it is out, or on the way out; null: it is not. */
  get keptOut(): string | null {
    return this.#keptOut;
  }

  /** Joins the group; resolves when the first assignment is taken over, or at once where it is to keep out. */
  async start(): Promise<void> {
    this.#life = "begun";
    if (this.#keptOut === null) await this.#begin().start();
    else this.#tellOut(this.#keptOut);
  }

  /** Leaves the group within `budgetMs` for good. Idempotent. */
  async stop(budgetMs: number): Promise<void> {
    this.#life = "ended";
    await this.#runner?.stop(budgetMs);
  }

  /** @inheritdoc */
  standDown(why: string): void {
    this.#keptOut = why;
    void this.#turn();
  }

  /** @inheritdoc */
  standUp(): void {
    this.#keptOut = null;
    void this.#turn();
  }

  /** @inheritdoc */
  pause(by: Pauser, reason: string): void {
    this.#pauses.set(by, reason);
    this.#runner?.driver.pause(by, reason);
  }

  /** @inheritdoc */
  resume(by: Pauser): void {
    this.#pauses.delete(by);
    this.#runner?.driver.resume(by);
  }

  /** @inheritdoc */
  isPaused(by: Pauser): boolean {
    return this.#pauses.has(by);
  }

  /** @inheritdoc */
  resetBreaker(): void {
    this.#runner?.driver.resetBreaker();
  }

  /** @inheritdoc */
  throttle(notice: ThrottleNotice): void {
    this.#runner?.driver.throttle(notice);
  }

  /** @inheritdoc */
  redrive(request: RedriveRequest): void {
    this.#runner?.driver.redrive(request);
  }

  /** @inheritdoc */
  discard(request: DiscardRequest): void {
    this.#runner?.driver.discard(request);
  }

  /** @inheritdoc */
  forget(wish: AsideWish): void {
    this.#runner?.driver.forget(wish);
  }

  /** @inheritdoc */
  replay(order: ReplayOrder): void {
    this.#runner?.driver.replay(order);
  }

  /** @inheritdoc */
  steerReplay(job: JobId, wish: ReplayWish): void {
    this.#runner?.driver.steerReplay(job, wish);
  }

  /** Brings about what is wanted, one thing after the other. */
  async #turn(): Promise<void> {
    if (this.#isTurning || this.#life !== "begun") return;
    this.#isTurning = true;
    try {
      while (this.#isBegun()) {
        if (this.#keptOut !== null && this.#runner !== null) await this.#leave(this.#keptOut);
        else if (this.#keptOut === null && this.#runner === null) this.#joinAgain();
        else return;
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isTurning = false;
    }
  }

  /** Asked through a function because it changes while others await. */
  #isBegun(): boolean {
    return this.#life === "begun";
  }

  async #leave(why: string): Promise<void> {
    this.#tellOut(why);
    // What is open has the time that any drain has.
    await this.#runner?.stop(Infinity);
    this.#runner = null;
  }

  #joinAgain(): void {
    this.#ports.telemetry.log("info", "joins its group again", { target: this.name });
    this.#begin()
      .start()
      .catch((error: unknown) => this.#fail(error));
  }

  #begin(): TargetRunner {
    const { createRunner, owner, onCreated } = this.#ports;
    const runner = createRunner({
      ...owner,
      paused: (by, reason) => {
        this.#pauses.set(by, reason);
        owner.paused(by, reason);
      },
      throttled: (notice) => {
        this.#asked = notice;
        owner.throttled(notice);
      },
    });
    this.#runner = runner;
    // A guard's pause, and what the target asked for, may be known here alone.
    for (const [by, reason] of [...this.#pauses]) runner.driver.pause(by, reason);
    if (this.#asked !== null) runner.driver.throttle(this.#asked);
    onCreated();
    return runner;
  }

  #tellOut(reason: string): void {
    this.#ports.telemetry.log("info", "keeps out of its group", { target: this.name, reason });
  }

  #fail(error: unknown): void {
    this.#ports.owner.failed(error instanceof Error ? error : new Error(String(error)));
  }
}
