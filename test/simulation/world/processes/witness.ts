/**
 * Stands between one driver and its world, and writes down what goes by: attempts, commits, epochs, settlements. It
 * knows what it sees at the ports, nothing of the driver's state. Here a process may also die, before or behind an effect.
 */
import type {
  AttemptRequest,
  AttemptResult,
  AttemptSender,
  Assignment,
  GroupListener,
  OffsetCommit,
  RecordPosition,
  RecordSink,
  RecordSource,
  SinkRecord,
  Span,
  SpanOptions,
  StateLog,
  Telemetry,
  TopicPartition,
} from "@millrace/engine";
import { DROPPED, NO_TELEMETRY } from "@millrace/engine";
import type { AttemptLine, SettleLine } from "../../../checker/history.ts";
import type { EventQueue } from "../event-queue.ts";
import type { HistoryBook } from "../history-book.ts";
import type { Machine } from "./machine.ts";
import { nameOf } from "../brokers/source.ts";
import type { CallPlace, TargetApi } from "../targets/target-api.ts";

/** Effects at which a process may die. */
export type DeadlyEffect = "send" | "commit" | "produce" | "state";

/** What a witness works with. */
export interface WitnessPorts {
  readonly queue: EventQueue;
  readonly book: HistoryBook;
  readonly machine: Machine;
  readonly target: string;
  readonly keyOf: (place: CallPlace) => string | null;
  /** The redrive that a call belongs to; null where it is none. */
  readonly redriveOf: (place: CallPlace) => string | null;
  /** Whether the process dies at this effect, and when; it is dead after `before`, and must be killed after `behind`. */
  readonly fateAt: (effect: DeadlyEffect) => "before" | "behind" | null;
  readonly kill: () => void;
  /** A guard paused the target: an alarm. */
  readonly onPaused: () => void;
  readonly nextCommit: () => number;
  readonly isStopping: () => boolean;
  /** What open calls get when the process is told to end, ms. */
  readonly stopBudgetMs: number;
}

/** See the head of this file. */
export class Witness {
  readonly #ports: WitnessPorts;
  readonly #epochs = new Map<string, number>();
  /** How many times the driver had claimed when it made the claim that an epoch began with. */
  readonly #claimCounts = new Map<string, number>();
  /** Partitions that this driver holds, by its own sources' words. */
  readonly #held = new Map<string, TopicPartition>();
  readonly #attempts = new Map<string, number>();
  #generation = 0;
  /** No drain has been cut short since it last took over. */
  #isDrained = true;

  constructor(ports: WitnessPorts) {
    this.#ports = ports;
  }

  /** A record of the state topic is written by this process. */
  noteState({ key, value }: SinkRecord, { offset }: RecordPosition): void {
    if (value === null) return;
    const [kind, target, topic, partition, claim = ""] = Buffer.from(key ?? [])
      .toString()
      .split("/");
    if (kind !== "claim" || target !== this.#ports.target) return;
    const name = `${topic}/${partition}`;
    // A partition that is claimed anew while it is held keeps its epoch under another number.
    if (this.#held.has(name)) return;
    // A claim of an earlier takeover may come late.
    const count = Number(claim.slice(claim.lastIndexOf("-") + 1));
    if (count < (this.#claimCounts.get(name) ?? 0)) return;
    this.#claimCounts.set(name, count);
    this.#epochs.set(name, offset);
  }

  sender(api: TargetApi): AttemptSender {
    const { machine } = this.#ports;
    return {
      send: (request, onResult) => {
        if (machine.isDead) return () => undefined;
        return this.#around(
          "send",
          () => this.#send(api, request, onResult),
          () => () => undefined,
        );
      },
      close: () => Promise.resolve(),
    };
  }

  sink(sink: RecordSink): RecordSink {
    return {
      append: (records) => this.#around("produce", () => sink.append(records), never),
      close: () => sink.close(),
    };
  }

  stateLog(log: StateLog): StateLog {
    return {
      append: (entries) => this.#around("state", () => log.append(entries), never),
      readTo: (offset) => log.readTo(offset),
      get: (key) => log.get(key),
      list: (prefix) => log.list(prefix),
      close: () => log.close(),
    };
  }

  source(source: RecordSource): RecordSource {
    return {
      start: (listener) => source.start(this.#listener(listener)),
      commit: (offsets, generation) =>
        this.#around("commit", () => source.commit(offsets, generation), never),
      isProven: () => source.isProven(),
      pause: (partition) => source.pause(partition),
      resume: (partition) => source.resume(partition),
      seek: (partition, offset) => {
        this.#take(partition);
        source.seek(partition, offset);
      },
      offsetAt: (partition, position) => source.offsetAt(partition, position),
      stop: () => source.stop(),
    };
  }

  telemetry(): Telemetry {
    return {
      ...NO_TELEMETRY,
      startSpan: (_, options) => this.#span(options),
      log: (_level, message, fields = {}) => {
        if (message === "target waits") this.#note("held", String(fields["reason"]));
        if (message === "target goes on") this.#note("released", "");
        if (message.startsWith("target paused")) {
          const isByGuard = fields["by"] === "guard";
          this.#note("held", isByGuard ? "FLOODED" : "PAUSED");
          if (isByGuard) this.#ports.onPaused();
        }
        if (message.startsWith("partition stopped")) this.#noteHalt(fields);
        const place = placeIn(fields);
        if (message === "dead-lettered" && place !== null) this.#settled(place, "dead-lettered");
      },
    };
  }

  /** A commit leaves; what it gives is told of its answer. */
  noteCommit(offsets: readonly OffsetCommit[], generation: number): (how: "ok" | "fail") => void {
    const { machine, queue, book, target, nextCommit } = this.#ports;
    const commit = nextCommit();
    const write = (ev: "send" | "ok" | "fail"): void => {
      for (const { topic, partition, offset, metadata } of offsets) {
        const epoch = this.#epochs.get(`${topic}/${partition}`) ?? null;
        const place = { topic, partition, offset };
        book.write({
          h: "commit",
          at: queue.now,
          ev,
          target,
          commit,
          process: machine.name,
          ...place,
          metadata,
          generation,
          epoch,
        });
      }
    };
    write("send");
    return write;
  }

  /** All that is held is let go, after a drain. */
  noteRelease(): void {
    for (const place of this.#held.values()) this.#end(place, this.#drainEnd);
  }

  /** A drain that was cut short is none. */
  get #drainEnd(): "revoked" | "fenced" {
    return this.#isDrained ? "revoked" : "fenced";
  }

  #around<Result>(effect: DeadlyEffect, act: () => Result, lifeless: () => Result): Result {
    const { machine, fateAt, kill } = this.#ports;
    if (machine.isDead) return lifeless();
    const fate = fateAt(effect);
    if (fate === "before") {
      kill();
      return lifeless();
    }
    const result = act();
    if (fate === "behind") kill();
    return result;
  }

  #send(
    api: TargetApi,
    request: AttemptRequest,
    onResult: (result: AttemptResult) => void,
  ): () => void {
    const { machine, queue, book, target, keyOf, redriveOf } = this.#ports;
    const [topic = "", partition, offset] = (request.headers["millrace-position"] ?? "").split("/");
    const place = { topic, partition: Number(partition), offset: Number(offset) };
    const epoch = this.#epochs.get(`${topic}/${partition}`) ?? -1;
    const job = request.headers["millrace-replay"] ?? redriveOf(place);
    const name = `${topic}/${partition}/${offset}/${epoch}/${job}`;
    const number = (this.#attempts.get(name) ?? 0) + 1;
    this.#attempts.set(name, number);
    const line: Omit<AttemptLine, "at" | "ev"> = {
      h: "attempt",
      target,
      process: machine.name,
      ...place,
      epoch,
      number,
      key: keyOf(place),
      idempotencyKey: request.headers["idempotency-key"] ?? "",
      job,
    };
    book.write({ ...line, at: queue.now, ev: "send" });
    return api.send({
      ...place,
      job,
      machine,
      request,
      onResult: (result) => {
        book.write({ ...line, at: queue.now, ev: "out", ...outcomeOf(result) });
        onResult(result);
      },
    });
  }

  #listener(listener: GroupListener): GroupListener {
    return {
      assigned: async (assignment) => {
        this.#noteGeneration(assignment);
        await listener.assigned(assignment);
        const isSuperseded = this.#generation !== assignment.generation;
        if (!isSuperseded && !this.#ports.isStopping()) this.#isDrained = true;
      },
      draining: (reason, budgetMs) => this.#drain(reason, budgetMs, listener),
      lost: (reason) => {
        for (const place of this.#held.values()) this.#end(place, "fenced");
        listener.lost(reason);
      },
      records: (batch) => listener.records(batch),
      halted: (halt) => listener.halted(halt),
      failed: (error) => listener.failed(error),
    };
  }

  async #drain(
    reason: "rebalance" | "shutdown",
    budgetMs: number,
    listener: GroupListener,
  ): Promise<void> {
    const { queue, stopBudgetMs, isStopping } = this.#ports;
    const startedAt = queue.now;
    const wasDrained = this.#isDrained;
    // Whoever takes over again before it ends has not waited for it.
    this.#isDrained = false;
    await listener.draining(reason, budgetMs);
    // A process that is told to end cuts a drain short that has begun for a rebalance.
    const boundMs = isStopping() ? Math.min(budgetMs, stopBudgetMs) : budgetMs;
    // A later drain, of a generation that is over, commits nothing and makes nothing good.
    this.#isDrained ||= wasDrained && queue.now - startedAt < boundMs;
  }

  #noteGeneration({ generation, partitions }: Assignment): void {
    this.#generation = generation;
    const continued = new Set(partitions.filter(({ isContinued }) => isContinued).map(nameOf));
    for (const [name, place] of this.#held)
      if (!continued.has(name)) this.#end(place, this.#drainEnd);
  }

  /** A partition is taken: its epoch begins. */
  #take({ topic, partition }: TopicPartition): void {
    const { queue, book, machine, target } = this.#ports;
    const name = `${topic}/${partition}`;
    if (machine.isDead) return;
    this.#held.set(name, { topic, partition });
    const epoch = this.#epochs.get(name) ?? -1;
    const generation = this.#generation;
    book.write({
      h: "ops",
      at: queue.now,
      f: "assigned",
      who: machine.name,
      target,
      topic,
      partition,
      epoch,
      generation,
    });
  }

  #end({ topic, partition }: TopicPartition, f: "revoked" | "fenced"): void {
    const { queue, book, machine, target } = this.#ports;
    const name = `${topic}/${partition}`;
    this.#held.delete(name);
    const epoch = this.#epochs.get(name) ?? -1;
    book.write({ h: "ops", at: queue.now, f, who: machine.name, target, topic, partition, epoch });
  }

  /** A partition stands: found at a takeover, or by a fetch. */
  #noteHalt({ topic, partition, reason }: Readonly<Record<string, unknown>>): void {
    const { queue, book, machine, target } = this.#ports;
    if (machine.isDead) return;
    const where = { topic: String(topic), partition: Number(partition) };
    const what = { f: "halted", who: machine.name, target, detail: String(reason) } as const;
    book.write({ h: "ops", at: queue.now, ...what, ...where });
  }

  #note(f: "held" | "released", detail: string): void {
    const { queue, book, machine, target } = this.#ports;
    if (!machine.isDead)
      book.write({ h: "ops", at: queue.now, f, who: machine.name, target, detail });
  }

  #span({ kind, attributes: attributesOf }: SpanOptions): Span {
    const attributes = attributesOf?.() ?? {};
    const topic = attributes["messaging.destination.name"];
    const partition = Number(attributes["messaging.destination.partition.id"]);
    const offset = attributes["messaging.kafka.offset"];
    // What a replay did is no settlement: the live one stands.
    const isLive = attributes["millrace.replay"] === undefined;
    const isOfEvent =
      isLive && kind === "consumer" && typeof topic === "string" && typeof offset === "number";
    return {
      context: null,
      set: () => undefined,
      end: (error) => {
        if (!isOfEvent) return;
        const place = { topic, partition, offset };
        if (error === undefined) this.#settled(place, "delivered");
        else if (error === DROPPED) this.#dropped(place);
      },
    };
  }

  /** Nobody sends this event any more: people wanted it so. */
  #dropped({ topic, partition, offset: from }: CallPlace): void {
    const { queue, book, machine, target } = this.#ports;
    if (machine.isDead) return;
    const epoch = this.#epochs.get(`${topic}/${partition}`) ?? -1;
    const place = { target, topic, partition, epoch, from };
    book.write({ h: "ops", at: queue.now, f: "dropped", who: machine.name, ...place });
  }

  #settled({ topic, partition, offset }: CallPlace, outcome: SettleLine["outcome"]): void {
    const { queue, book, machine, target } = this.#ports;
    if (machine.isDead) return;
    const epoch = this.#epochs.get(`${topic}/${partition}`) ?? -1;
    const process = machine.name;
    book.write({
      h: "settle",
      at: queue.now,
      target,
      process,
      topic,
      partition,
      offset,
      epoch,
      outcome,
    });
  }
}

function outcomeOf(result: AttemptResult): Pick<AttemptLine, "outcome" | "status" | "isAmbiguous"> {
  const status = "status" in result ? result.status : null;
  const isAmbiguous = "ambiguous" in result && result.ambiguous;
  return { outcome: result.kind, status, isAmbiguous };
}

function placeIn(fields: Readonly<Record<string, unknown>>): CallPlace | null {
  const { topic, partition, offset } = fields;
  const isPlace =
    typeof topic === "string" && typeof partition === "number" && typeof offset === "number";
  return isPlace ? { topic, partition, offset } : null;
}

/** What a dead process waits for; each its own, since one for all would hold every world that ever waited. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}
