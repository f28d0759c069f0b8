/**
 * The delivery driver of one target: feeds the engine with what happens and does what the engine asks for. It never
 * decides; the engine never waits.
 *
 * Owns: the one timer, the takeover under way; records on their way in are the intake's, open attempts are theirs. Every port
 * call that can fail for a while is repeated with a pause; everything else is the engine's.
 *
 * I7: an engine that may send gets no input while membership is unproven, so a process that slept through its session
 * sends nothing more.
 */
import type { Effect } from "../core/effect.ts";
import type { JobId, TopicPartition } from "../core/lanes/identity.ts";
import type { AssignedInput, Input } from "../core/input.ts";
import type { PartitionState } from "../core/lanes/partition.ts";
import type { DiscardRequest, RedriveRequest } from "../core/aside/redrive.ts";
import type { Pauser } from "../core/guards/pause.ts";
import type { ReplayWish } from "../core/replay/replay.ts";
import { createState, partitionName, type EngineState } from "../core/state.ts";
import { step } from "../core/step.ts";
import { MillraceError } from "../errors.ts";
import type {
  AssignedPartition,
  Assignment,
  Cancel,
  GroupListener,
  OffsetCommit,
  PartitionHalt,
  PreparedEvent,
  RecordBatch,
} from "../ports.ts";
import { AsideKeeper } from "./aside/aside-keeper.ts";
import { RedriveWishes, type AsideWish } from "./aside/redrive-wishes.ts";
import { Attempts } from "./attempts.ts";
import { Drain } from "./drain.ts";
import { Intake } from "./intake.ts";
import { JournalWriter } from "./journal/journal-writer.ts";
import {
  PORT_RETRY_MS,
  type DriverOptions,
  type DriverOwner,
  type DriverPorts,
  type ThrottleNotice,
} from "./options.ts";
import { ReplayKeeper, type ReplayOrder, type ReplayStatus } from "./replay/replay-keeper.ts";
import { Reporter } from "./reporter.ts";
import { takeOver, type Takeover } from "./takeover.ts";

/** Inputs after which partitions may be owned no more. */
const END_EPOCHS: ReadonlySet<Input<PreparedEvent>["kind"]> = new Set([
  "assigned",
  "fenced",
  "revoked",
]);

type EventEffect = Effect<PreparedEvent>;

/** Delivers one target's topics. */
export class TargetDriver implements GroupListener {
  readonly #options: DriverOptions;
  readonly #ports: DriverPorts;
  readonly #reporter: Reporter;
  readonly #state: EngineState<PreparedEvent>;
  readonly #intake: Intake;
  readonly #asides: AsideKeeper;
  readonly #replays: ReplayKeeper;
  readonly #wishes: RedriveWishes;
  readonly #journal: JournalWriter;
  readonly #halts = new Map<string, PartitionHalt>();
  readonly #attempts: Attempts;
  readonly #owner: DriverOwner;
  #cancelTick: Cancel = () => undefined;
  #drainMsMax = Infinity;
  #drain: Drain | null = null;
  #stopping: Promise<void> | null = null;
  #hasFailed = false;
  /** Has told the other processes that the target asked for time. */
  #hasTold = false;
  /** Counts memberships, so that a takeover of an ended one gives up. */
  #membership = 0;

  constructor(options: DriverOptions, ports: DriverPorts, owner: DriverOwner) {
    this.#options = options;
    this.#ports = ports;
    this.#owner = owner;
    this.#state = createState(options.engine, ports.clock.now());
    this.#reporter = new Reporter(options, ports, {
      state: this.#state,
      oldestHeldAt: (partition) => this.#intake.oldestHeldAt(partition),
    });
    this.#asides = new AsideKeeper(options, ports, {
      reporter: this.#reporter,
      step: (input) => {
        this.#step(input);
        if (input.kind === "marks-written") this.#wishes.look();
      },
      detourEnded: (aside, end) => this.#wishes.detourEnded(aside, end),
      writeReplays: (notes) => this.#replays.write(notes),
    });
    this.#wishes = new RedriveWishes(options.engine.order, {
      state: this.#state,
      isCurrent: () => this.#state.membership === "active" && this.#isProven(),
      step: (input) => this.#step(input),
      owner,
    });
    this.#replays = new ReplayKeeper(options, ports, {
      state: this.#state,
      reporter: this.#reporter,
      fence: this.#asides.fence,
      step: (input) => this.#step(input),
    });
    this.#journal = new JournalWriter(options, ports);
    this.#attempts = new Attempts(ports, {
      reporter: this.#reporter,
      journal: this.#journal,
      onTurnOver: () => this.#takeEnds(),
    });
    this.#intake = new Intake(
      {
        nextOffset: (partition) => this.#find(partition)?.tracker.nextOffset ?? null,
        take: ({ topic, partition }, records) =>
          this.#step({ kind: "records", topic, partition, records }),
      },
      ports,
      this.#reporter,
    );
  }

  /** What the engine knows, to read only. */
  get state(): Readonly<EngineState<PreparedEvent>> {
    return this.#state;
  }

  /** Partitions that stand still because their records or offsets are gone. */
  get halts(): readonly PartitionHalt[] {
    return [...this.#halts.values()];
  }

  /** Joins the group; resolves when the first assignment is taken over. */
  start(): Promise<void> {
    return this.#ports.source.start(this);
  }

  /**
   * Drains, commits, leaves the group, and does nothing more. Idempotent; called again with a smaller budget it ends
   * the drain under way earlier.
   * @param budgetMs what is open after it is given up; the source's own bound holds too.
   */
  stop(budgetMs = Infinity): Promise<void> {
    this.#drainMsMax = Math.min(this.#drainMsMax, budgetMs);
    this.#drain?.bound(this.#drainMsMax);
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /**
   * Starts nothing until `resume` by the same; what is in flight ends, commits go on. Idempotent.
   * @param reason for people.
   */
  pause(by: Pauser, reason: string): void {
    this.#step({ kind: "pause", by, reason });
  }

  /** Ends a pause; the target goes on when none stands. Idempotent. */
  resume(by: Pauser): void {
    this.#step({ kind: "resume", by });
  }

  /** Asks a target that the breaker leaves alone again now; else it changes nothing. */
  resetBreaker(): void {
    this.#step({ kind: "breaker-reset" });
  }

  /**
   * Starts nothing for as long as another process was asked to wait: for what is left of it by this machine's clock, and for
   * no longer than was asked. So a clock that is behind waits too long by no more than its way here; one that is ahead waits less, and
   * hears the rest from the target itself. Idempotent; what is over changes nothing, nor does what this driver said itself: what
   * its process said before belongs to a driver that is gone.
   */
  throttle({ by, at, until }: ThrottleNotice): void {
    if (by === this.#options.processId && this.#hasTold) return;
    const forMs = Math.min(until - this.#ports.clock.wallNow(), until - at);
    this.#step({ kind: "throttle", forMs, by });
  }

  /**
   * Has a key that is set aside delivered, its dead letter first, then what is parked. It is a wish that outlasts
   * rebalances of this process: it is fulfilled, or over, when the key is released or given up again.
   */
  redrive(request: RedriveRequest): void {
    this.#wishes.add({ kind: "redrive", request });
  }

  /**
   * Has a key that is set aside go on without its dead letter, and without what it has parked below an event. A wish, as a
   * redrive is; of both, what its owner begins first is what happens, and the other is over with it.
   */
  discard(request: DiscardRequest): void {
    this.#wishes.add({ kind: "discard", request });
  }

  /** Nobody wants that any more: it is not begun here; what has begun goes on. */
  forget(wish: AsideWish): void {
    this.#wishes.forget(wish);
  }

  /**
   * Sends a range of a partition once more, beside live events. Like a redrive it outlasts rebalances: whoever owns the
   * partition and knows of the job goes on with it. The same job again changes nothing.
   */
  replay(order: ReplayOrder): void {
    this.#replays.order(order);
  }

  /** Pauses a job, lets it run on, or ends it. What was cancelled stays so. */
  steerReplay(job: JobId, wish: ReplayWish): void {
    this.#replays.steer(job, wish);
  }

  /** Where the jobs stand that this process knows of. */
  get replays(): readonly ReplayStatus[] {
    return this.#replays.statuses;
  }

  /** @inheritdoc */
  async assigned(assignment: Assignment): Promise<void> {
    if (this.#stopping !== null) return;
    this.#membership += 1;
    this.#drain?.end();
    this.#asides.claims.join(assignment);
    this.#endUncontinued(assignment);
    const takeover = await this.#takeOverUntilDone(assignment, this.#membership);
    if (takeover === null) return;
    this.#reporter.assigned(assignment, takeover.owned.length);
    for (const halt of takeover.halted) this.halted(halt);
    for (const owned of takeover.owned) this.#openPartition(owned);
    let partitionCount = 0;
    for (const count of assignment.partitionCounts.values()) partitionCount += count;
    const { generation } = assignment;
    this.#step({ kind: "assigned", generation, partitions: takeover.owned, partitionCount });
    this.#wishes.look();
    this.#replays.taken(takeover.replays);
    this.#intake.pump();
  }

  /** @inheritdoc */
  draining(reason: "rebalance" | "shutdown", budgetMs: number): Promise<void> {
    if (this.#state.membership === "none") return Promise.resolve();
    this.#reporter.draining(reason, this.#state.inFlightCount);
    const drain = (this.#drain ??= this.#beginDrain());
    drain.bound(Math.min(budgetMs, this.#drainMsMax));
    this.#step({ kind: "drain" });
    return drain.ended;
  }

  /** @inheritdoc */
  lost(reason: string): void {
    this.#membership += 1;
    if (this.#state.membership !== "none") this.#reporter.lost(reason);
    this.#fence();
  }

  /** @inheritdoc */
  records(batch: RecordBatch): void {
    this.#intake.push(batch);
  }

  /** @inheritdoc */
  halted(halt: PartitionHalt): void {
    this.#halts.set(partitionName(halt.topic, halt.partition), halt);
    this.#intake.close(halt);
    this.#ports.source.pause(halt);
    this.#reporter.halted(halt);
  }

  /** @inheritdoc */
  failed(error: Error): void {
    this.lost("the source failed");
    this.#fail(error);
  }

  async #stop(): Promise<void> {
    try {
      await this.#ports.source.stop();
    } finally {
      this.#membership += 1;
      this.#fence();
      this.#cancelTick();
      await this.#journal.close();
      this.#reporter.close();
    }
  }

  /** Ends every epoch, and what is open: its results would be dropped, and what waits to be sent must not leave. */
  #fence(): void {
    this.#intake.closeAll();
    this.#apply([{ kind: "fenced" }]);
    this.#takeEnds();
    this.#attempts.abandonAll();
    this.#drain?.end();
  }

  #fail(error: Error): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#owner.failed(error);
  }

  /** What the next generation does not continue ends before it is taken over: someone else may own it meanwhile. */
  #endUncontinued({ partitions }: Assignment): void {
    const continued = new Set(
      partitions
        .filter(({ isContinued }) => isContinued)
        .map(({ topic, partition }) => partitionName(topic, partition)),
    );
    const ended = [...this.#state.partitions].flatMap(([name, partition]) =>
      continued.has(name) ? [] : [partition],
    );
    for (const name of this.#halts.keys()) if (!continued.has(name)) this.#halts.delete(name);
    for (const partition of ended) this.#intake.close(partition);
    if (ended.length > 0) this.#step({ kind: "revoked", partitions: ended });
  }

  async #takeOverUntilDone(assignment: Assignment, membership: number): Promise<Takeover | null> {
    const committed = new Map<AssignedPartition, OffsetCommit>();
    for (;;) {
      try {
        const takeover = await takeOver({
          assignment,
          claims: this.#asides.claims,
          committed,
          isKnown: (partition) => this.#find(partition) !== undefined,
          places: this.#asides.places,
          options: this.#options,
          ports: this.#ports,
        });
        return membership === this.#membership && this.#isProven() ? takeover : null;
      } catch (error) {
        if (membership !== this.#membership) return null;
        if (!(error instanceof MillraceError)) throw error;
        if (error.disposition === "abandon") return null;
        if (error.disposition !== "retry") throw error;
        this.#reporter.portFailed("take partitions over", error);
        await this.#pause();
        if (membership !== this.#membership) return null;
      }
    }
  }

  #openPartition(assigned: AssignedInput): void {
    const { topic, partition } = assigned;
    if (assigned.kind === "continued") {
      if (!this.#halts.has(partitionName(topic, partition))) this.#intake.keep(assigned);
      return;
    }
    this.#halts.delete(partitionName(topic, partition));
    this.#ports.source.seek({ topic, partition }, assigned.committed.offset);
    this.#intake.open({ topic, partition });
  }

  #beginDrain(): Drain {
    return new Drain({
      clock: this.#ports.clock,
      giveUp: () => this.#attempts.abandonAll(),
      onEnd: () => {
        this.#drain = null;
      },
    });
  }

  /** I7. */
  #isProven(): boolean {
    return this.#ports.source.isProven();
  }

  /**
   * Takes an input in, with what ended before it: no call begins that only one of them would let begin. What ended
   * before an epoch's end still counts, and is committed, in it.
   */
  #step(input: Input<PreparedEvent>): void {
    if (END_EPOCHS.has(input.kind)) this.#takeEnds();
    this.#fenceUnproven();
    this.#apply([...this.#ended(), input]);
  }

  #takeEnds(): void {
    this.#fenceUnproven();
    const ended = this.#ended();
    if (ended.length > 0) this.#apply(ended);
  }

  #ended(): readonly Input<PreparedEvent>[] {
    const ends = this.#attempts.takeEnds();
    return ends.length > 0 ? [{ kind: "attempts-ended", ends }] : [];
  }

  #fenceUnproven(): void {
    const { membership } = this.#state;
    if (membership === "active" && !this.#isProven()) this.lost("membership is unproven");
  }

  /** One step of the engine and its effects. A broken invariant ends the driver: what it knows cannot be trusted. */
  #apply(inputs: readonly Input<PreparedEvent>[]): void {
    if (this.#hasFailed && !inputs.some(({ kind }) => kind === "fenced")) return;
    const { clock, entropy } = this.#ports;
    const moment = { now: clock.now(), wallNow: clock.wallNow(), entropy: entropy() };
    try {
      for (const effect of step(this.#state, inputs, moment)) this.#perform(effect);
      if (inputs.some(({ kind }) => END_EPOCHS.has(kind))) this.#reporter.epochsEnded();
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
      this.#intake.closeAll();
      this.#attempts.abandonAll();
    }
  }

  #perform(effect: EventEffect): void {
    switch (effect.kind) {
      case "attempt":
        return this.#attempts.begin(effect.delivery);
      case "dead-letter":
      case "mark":
      case "park":
      case "read-detour":
      case "progress":
      case "release":
        return this.#asides.perform(effect);
      case "read-replay":
      case "replay-ended":
        return this.#replays.perform(effect);
      case "replayed":
        return this.#replayed(effect);
      case "blocked":
        return this.#reporter.blocked(effect.delivery);
      case "commit":
        return this.#commit(effect);
      case "pause-fetch":
        return this.#intake.setRoom(effect, "full");
      case "resume-fetch":
        return this.#intake.setRoom(effect, "free");
      case "settled":
        return this.#settled(effect);
      case "skipped":
        this.#journal.skipped(effect);
        return this.#reporter.skipped(effect.to - effect.from);
      case "wake":
        return this.#scheduleTick(effect.at);
      case "target-held":
        return this.#reporter.held(effect, effect.until - this.#ports.clock.now());
      case "target-released":
        return this.#reporter.released();
      case "throttled":
        return this.#throttled(effect.until);
      case "paused":
        this.#reporter.paused(effect.by, effect.reason);
        return this.#owner.paused(effect.by, effect.reason);
      case "resumed":
        return this.#reporter.resumed(effect.by);
      case "drained":
        this.#drain?.end();
    }
  }

  #throttled(untilAt: number): void {
    this.#hasTold = true;
    const { clock } = this.#ports;
    const at = clock.wallNow();
    this.#owner.throttled({ by: this.#options.processId, at, until: at + untilAt - clock.now() });
  }

  #settled({ delivery, outcome }: Extract<EventEffect, { kind: "settled" }>): void {
    const traceId = this.#reporter.traceIdOf(delivery);
    this.#journal.settled(delivery, { outcome, traceId });
    this.#reporter.settled(delivery, outcome);
  }

  #replayed({ delivery, end }: Extract<EventEffect, { kind: "replayed" }>): void {
    const traceId = this.#reporter.traceIdOf(delivery);
    this.#journal.replayed(delivery, { end, traceId });
    this.#reporter.replayed(delivery, end);
  }

  #commit({ id, generation, commits }: Extract<EventEffect, { kind: "commit" }>): void {
    this.#ports.source.commit(commits, generation).then(
      () => this.#step({ kind: "commit-acknowledged", id }),
      (error: unknown) => {
        const isFenced = error instanceof MillraceError && error.code === "COMMIT_FENCED";
        if (!isFenced) this.#reporter.portFailed("commit", error);
        this.#step({ kind: "commit-failed", id, isFenced });
      },
    );
  }

  #scheduleTick(at: number): void {
    const { clock } = this.#ports;
    this.#cancelTick();
    this.#cancelTick = clock.schedule(at - clock.now(), () => this.#step({ kind: "tick" }));
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#ports.clock.schedule(PORT_RETRY_MS, resolve);
    });
  }

  #find({ topic, partition }: TopicPartition): PartitionState<PreparedEvent> | undefined {
    return this.#state.partitions.get(partitionName(topic, partition));
  }
}
