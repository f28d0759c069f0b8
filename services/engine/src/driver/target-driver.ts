/**
 * The delivery driver of one target: feeds the engine with what happens and does what the engine asks for. It never
 * decides; the engine never waits.
 *
 * Owns: inboxes (records fetched but not yet taken), open attempts, the one timer. Every port call that can fail for
 * a while is repeated here with a pause; everything else is the engine's.
 */
import { deadLetterRecord, withoutValue } from "./dead-letter.ts";
import { Inbox } from "./inbox.ts";
import type { DriverOptions, DriverPorts } from "./options.ts";
import { Reporter } from "./reporter.ts";
import { takeOver, type Takeover } from "./takeover.ts";
import { attemptRequest } from "./attempt-request.ts";
import type { AttemptResult } from "../core/attempt-result.ts";
import type { Delivery, NewRecord } from "../core/delivery.ts";
import type { Effect } from "../core/effect.ts";
import { asRecordKey, type TopicPartition } from "../core/identity.ts";
import type { Input } from "../core/input.ts";
import { createState, partitionName, type EngineState } from "../core/state.ts";
import { step } from "../core/step.ts";
import { MillraceError } from "../errors.ts";
import type {
  AbandonAttempt,
  Assignment,
  Cancel,
  GroupListener,
  PartitionHalt,
  Preparation,
  PreparedEvent,
  RecordBatch,
  SourceRecord,
} from "../ports.ts";

/** Records handed to the engine in one step. */
const CHUNK_MAX = 128;
/** Pause before a failed port call is made again, ms. */
const PORT_RETRY_MS = 500;

type EventDelivery = Delivery<PreparedEvent>;

/** Delivers one target's topics. */
export class TargetDriver implements GroupListener {
  readonly #options: DriverOptions;
  readonly #ports: DriverPorts;
  readonly #reporter: Reporter;
  readonly #state: EngineState<PreparedEvent>;
  readonly #inboxes = new Map<string, Inbox>();
  readonly #halts = new Map<string, PartitionHalt>();
  readonly #open = new Map<EventDelivery, AbandonAttempt>();
  readonly #onFailed: (error: Error) => void;
  #cancelTick: Cancel = () => undefined;
  #isPumping = false;
  #drainMsMax = Infinity;
  /** Counts memberships, so that a takeover of an ended one gives up. */
  #membership = 0;
  #onDrained: (() => void) | null = null;

  /** @param onFailed called once when the driver can never go on; the process should end. */
  constructor(options: DriverOptions, ports: DriverPorts, onFailed: (error: Error) => void) {
    this.#options = options;
    this.#ports = ports;
    this.#onFailed = onFailed;
    this.#state = createState(options.engine, ports.clock.now());
    this.#reporter = new Reporter(options.target, ports, this.#state);
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
   * Drains, commits, leaves the group. Idempotent.
   * @param budgetMs what is open after it is given up; the source's own bound holds too.
   */
  async stop(budgetMs = Infinity): Promise<void> {
    this.#drainMsMax = budgetMs;
    await this.#ports.source.stop();
    this.#membership += 1;
    this.#cancelTick();
    this.#reporter.close();
  }

  /** @inheritdoc */
  async assigned(assignment: Assignment): Promise<void> {
    this.#membership += 1;
    const takeover = await this.#takeOverUntilDone(assignment, this.#membership);
    if (takeover === null) return;
    this.#halts.clear();
    for (const halt of takeover.halted) this.halted(halt);
    this.#openInboxes(takeover);
    let partitionCount = 0;
    for (const count of assignment.partitionCounts.values()) partitionCount += count;
    const { generation } = assignment;
    this.#reporter.assigned(assignment, takeover.owned.length);
    this.#step({ kind: "assigned", generation, partitions: takeover.owned, partitionCount });
    this.#pump();
  }

  /** @inheritdoc */
  draining(reason: "rebalance" | "shutdown", budgetMs: number): Promise<void> {
    if (this.#state.membership !== "active") return Promise.resolve();
    this.#reporter.draining(reason, this.#state.inFlightCount);
    return new Promise((resolve) => {
      const drainMs = Math.min(budgetMs, this.#drainMsMax);
      const cancel = this.#ports.clock.schedule(drainMs, () => this.#abandonAll());
      this.#onDrained = () => {
        cancel();
        this.#onDrained = null;
        resolve();
      };
      this.#step({ kind: "drain" });
    });
  }

  /** @inheritdoc */
  lost(reason: string): void {
    this.#membership += 1;
    this.#reporter.lost(reason);
    this.#inboxes.clear();
    this.#step({ kind: "fenced" });
    this.#onDrained?.();
  }

  /** @inheritdoc */
  records(batch: RecordBatch): void {
    const inbox = this.#inboxes.get(partitionName(batch.topic, batch.partition));
    if (inbox === undefined) return;
    inbox.push(batch);
    this.#reporter.fetched(batch);
    this.#pump();
  }

  /** @inheritdoc */
  halted(halt: PartitionHalt): void {
    const name = partitionName(halt.topic, halt.partition);
    this.#halts.set(name, halt);
    this.#inboxes.delete(name);
    this.#ports.source.pause(halt);
    this.#reporter.halted(halt);
  }

  /** @inheritdoc */
  failed(error: Error): void {
    this.lost("source failed");
    this.#onFailed(error);
  }

  async #takeOverUntilDone(assignment: Assignment, membership: number): Promise<Takeover | null> {
    for (;;) {
      try {
        const takeover = await takeOver({
          assignment,
          options: this.#options,
          ports: this.#ports,
        });
        return membership === this.#membership ? takeover : null;
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

  #openInboxes({ owned }: Takeover): void {
    const kept = new Set<string>();
    for (const assigned of owned) {
      const { topic, partition } = assigned;
      const name = partitionName(topic, partition);
      kept.add(name);
      if (assigned.kind === "continued" && this.#inboxes.has(name)) continue;
      this.#inboxes.set(name, new Inbox(topic, partition));
      this.#ports.source.resume(assigned);
      if (assigned.kind === "taken") this.#ports.source.seek(assigned, assigned.committed.offset);
    }
    for (const name of this.#inboxes.keys()) if (!kept.has(name)) this.#inboxes.delete(name);
  }

  /** Feeds the engine from the inboxes, a chunk of each a turn, so that nothing else waits long. */
  #pump(): void {
    if (this.#isPumping) return;
    let isMoreLeft = false;
    for (const inbox of this.#inboxes.values()) {
      if (inbox.isReady) this.#feed(inbox);
      this.#steerSource(inbox);
      isMoreLeft ||= inbox.isReady;
    }
    if (!isMoreLeft) return;
    this.#isPumping = true;
    this.#ports.clock.schedule(0, () => {
      this.#isPumping = false;
      this.#pump();
    });
  }

  #feed(inbox: Inbox): void {
    const records: NewRecord<PreparedEvent>[] = [];
    while (records.length < CHUNK_MAX) {
      const record = inbox.peek();
      if (record === undefined) break;
      const preparation = this.#ports.preparer.prepare(record);
      if (preparation.kind === "schema-needed") {
        this.#awaitSchema(inbox, preparation.schemaId);
        break;
      }
      inbox.shift();
      records.push(newRecord(record, preparation));
    }
    if (records.length === 0) return;
    const { topic, partition } = inbox;
    this.#step({ kind: "records", topic, partition, records });
  }

  /** A registry that does not answer holds the partition; nothing is given up for it. */
  #awaitSchema(inbox: Inbox, schemaId: number): void {
    inbox.isAwaitingSchema = true;
    const goOn = (): void => {
      inbox.isAwaitingSchema = false;
      this.#pump();
    };
    this.#ports.preparer.loadSchema(schemaId).then(goOn, (error: unknown) => {
      this.#reporter.portFailed(`load schema ${schemaId}`, error);
      this.#ports.clock.schedule(PORT_RETRY_MS, goOn);
    });
  }

  #steerSource(inbox: Inbox): void {
    const { wish } = inbox;
    if (wish === "as-is") return;
    inbox.isSourcePaused = wish === "pause";
    this.#ports.source[wish](inbox);
  }

  #step(input: Input<PreparedEvent>): void {
    const { clock, entropy } = this.#ports;
    const moment = { now: clock.now(), wallNow: clock.wallNow(), entropy: entropy() };
    const deadLetters: Extract<Effect<PreparedEvent>, { kind: "dead-letter" }>[] = [];
    for (const effect of step(this.#state, input, moment)) {
      if (effect.kind === "dead-letter") deadLetters.push(effect);
      else this.#perform(effect);
    }
    if (deadLetters.length > 0) this.#writeDeadLetters(deadLetters);
  }

  #perform(effect: Exclude<Effect<PreparedEvent>, { kind: "dead-letter" }>): void {
    switch (effect.kind) {
      case "attempt":
        return this.#attempt(effect.delivery);
      case "commit":
        return this.#commit(effect);
      case "pause-fetch":
        return this.#setClosed(effect, true);
      case "resume-fetch":
        return this.#setClosed(effect, false);
      case "settled":
        return this.#reporter.settled(effect.delivery, effect.outcome);
      case "wake":
        return this.#scheduleTick(effect.at);
      case "target-held":
        return this.#reporter.held(effect.reason, effect.until - this.#ports.clock.now());
      case "target-released":
        return this.#reporter.released();
      case "drained":
        this.#onDrained?.();
    }
  }

  #attempt(delivery: EventDelivery): void {
    const { clock, sender } = this.#ports;
    const startedAt = clock.now();
    const span = this.#reporter.attemptStarted(delivery);
    const onResult = (result: AttemptResult): void => {
      this.#open.delete(delivery);
      this.#reporter.attemptEnded(delivery, { result, span, durationMs: clock.now() - startedAt });
      this.#step({ kind: "attempts-ended", ends: [{ delivery, result }] });
    };
    this.#open.set(delivery, sender.send(attemptRequest(delivery, span.context), onResult));
  }

  #abandonAll(): void {
    for (const abandon of [...this.#open.values()]) abandon();
    // What is still not answered after this is the caller's loss: its budget is over.
    this.#ports.clock.schedule(PORT_RETRY_MS, () => this.#onDrained?.());
  }

  #commit({ id, generation, commits }: Extract<Effect<PreparedEvent>, { kind: "commit" }>): void {
    this.#ports.source.commit(commits, generation).then(
      () => this.#step({ kind: "commit-acknowledged", id }),
      (error: unknown) => {
        const isFenced = error instanceof MillraceError && error.code === "COMMIT_FENCED";
        if (!isFenced) this.#reporter.portFailed("commit", error);
        this.#step({ kind: "commit-failed", id, isFenced });
      },
    );
  }

  #setClosed(partition: TopicPartition, isClosed: boolean): void {
    const inbox = this.#inboxes.get(partitionName(partition.topic, partition.partition));
    if (inbox === undefined) return;
    inbox.isClosed = isClosed;
    if (!isClosed) this.#ports.clock.schedule(0, () => this.#pump());
  }

  #scheduleTick(at: number): void {
    const { clock } = this.#ports;
    this.#cancelTick();
    this.#cancelTick = clock.schedule(at - clock.now(), () => this.#step({ kind: "tick" }));
  }

  #writeDeadLetters(effects: Extract<Effect<PreparedEvent>, { kind: "dead-letter" }>[]): void {
    const { target, deadTopic: topic } = this.#options;
    for (const { delivery, why } of effects) {
      const record = deadLetterRecord(delivery, why, { target, topic });
      const write = this.#ports.sink.append([record]).catch((error: unknown) => {
        const isTooLarge = error instanceof MillraceError && error.code === "PRODUCE_REFUSED";
        if (!isTooLarge) throw error;
        return this.#ports.sink.append([withoutValue(record)]);
      });
      write.then(
        () => this.#step({ kind: "dead-letters-written", deliveries: [delivery] }),
        async (error: unknown) => {
          this.#reporter.portFailed("write a dead letter", error);
          await this.#pause();
          this.#step({ kind: "dead-letters-failed", deliveries: [delivery] });
        },
      );
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#ports.clock.schedule(PORT_RETRY_MS, resolve);
    });
  }
}

function newRecord(
  { offset, key }: SourceRecord,
  preparation: Exclude<Preparation, { kind: "schema-needed" }>,
): NewRecord<PreparedEvent> {
  if (preparation.kind === "filtered") return { kind: "filtered", offset };
  const { verdict, event } = preparation;
  return {
    kind: "matched",
    offset,
    key: key === null ? null : asRecordKey(latin1(key)),
    bytes: sizeOf(event),
    verdict,
    payload: event,
  };
}

/** What an event holds in memory, roughly: its record's bytes, its body, and a fixed part for objects. */
function sizeOf({ record, request }: PreparedEvent): number {
  return 1_024 + (record.value?.length ?? 0) + (request?.body?.length ?? 0);
}

function latin1({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}
