/** Histories written by hand, for tests of the checker: one target, `crm`, of one topic, `orders`. */
import type {
  AttemptLine,
  CommitLine,
  Expectation,
  GivenUpLine,
  HistoryLine,
  OperationLine,
  Party,
  ReceiveLine,
  RunLine,
  TargetTerms,
  ThrottleLine,
} from "./history.ts";

/** Who writes in such a history. */
export const ALL_PARTIES: readonly Party[] = [
  ...(["emit", "log", "attempt", "recv", "commit", "seen"] as const),
  ...(["settle", "dlq", "park", "state", "throttle", "ops", "measure"] as const),
];

/** What is special of a call. */
export interface CallOptions {
  readonly process?: string;
  readonly epoch?: number;
  readonly number?: number;
  readonly job?: string | null;
  readonly idempotencyKey?: string;
  readonly body?: string;
  readonly status?: number;
  readonly outcome?: NonNullable<AttemptLine["outcome"]>;
  readonly isAmbiguous?: boolean;
  readonly retryAfterMs?: number;
}

/** Where a record stands in `orders`. */
export interface Spot {
  readonly partition: number;
  readonly offset: number;
}

/** What is special of a record. */
export interface RecordOptions {
  readonly key?: string | null;
  readonly expect?: Expectation;
  readonly producer?: string;
}

/** A history that grows line by line, 10 ms apart. */
export class ScriptedHistory {
  readonly lines: HistoryLine[] = [];
  at = 0;
  readonly #ends: number[];
  readonly #keys = new Map<string, string | null>();
  readonly #sequences = new Map<string, number>();
  #arrivalCount = 0;
  #commitCount = 0;
  #claimCount = 100;

  constructor(terms: Partial<TargetTerms> = {}, run: Partial<RunLine> = {}) {
    const topics = { orders: 1, ...run.topics };
    this.#ends = Array.from({ length: topics.orders }, () => 0);
    this.lines.push({
      ...{ h: "run", run: "scripted", seed: 1, at: 0, kind: "simulation", graceMs: 30_000 },
      parties: ALL_PARTIES.filter((party) => party !== "settle"),
      ...run,
      topics,
      targets: [
        {
          ...{ target: "crm", topics: ["orders"], order: "key", onDeadLetter: "quarantine" },
          ...{ concurrencyMax: 8, rate: null, maxAgeMs: 86_400_000, maxAttempts: null },
          ...{ timeoutMs: 1_000, backoffCapMs: 5_000, sessionTimeoutMs: 10_000 },
          ...terms,
        },
      ],
    });
  }

  /** Lets time pass. */
  wait(ms: number): this {
    this.at += ms;
    return this;
  }

  /** A process starts and takes partition 0. */
  owned(process = "p1", epoch = 1): this {
    return this.op("start", { who: process }).assigned(process, epoch);
  }

  /** A process takes a partition, with its claim. */
  assigned(process: string, epoch: number, partition = 0): this {
    this.#claimCount += 1;
    const key = `claim/crm/orders/${partition}/${this.#claimCount}`;
    const value = { v: 1, process, member: process, generation: epoch, at: "" };
    this.add({ h: "state", at: this.#next(), offset: epoch, key, value });
    const generation = epoch;
    return this.op("assigned", {
      who: process,
      target: "crm",
      topic: "orders",
      partition,
      epoch,
      generation,
    });
  }

  /** The owner of an epoch writes down where a partition begins for the target; by default behind all claims. */
  initialised(offset: number, epoch: number, { partition = 0, place = 0 } = {}): this {
    const key = `initialised/crm/orders/${partition}/${epoch}`;
    this.#claimCount += 1;
    const at = { at: this.#next(), offset: place === 0 ? this.#claimCount : place };
    return this.add({ h: "state", ...at, key, value: { v: 1, offset } });
  }

  /** The owner of an epoch marks a key of partition 0; `place` is where in the state topic. */
  marker(
    key: string,
    {
      epoch,
      place,
      ...value
    }: { epoch: number; place: number } & Readonly<Record<string, unknown>>,
  ): this {
    const lane = Buffer.from(key).toString("base64url");
    const name = `marker/crm/orders/0/${epoch}/${lane}/${place}`;
    return this.add({
      h: "state",
      at: this.at,
      offset: place,
      key: name,
      value: { v: 1, ...value },
    });
  }

  /** An event is emitted, acknowledged and logged. */
  record(options: RecordOptions = {}, partition = 0): Spot {
    const offset = this.#ends[partition] ?? 0;
    const { key = "k1", producer = "e1" } = options;
    const spot = { partition, offset };
    const thread = `${producer}/${key ?? ""}`;
    const sequence = this.#sequences.get(thread) ?? 0;
    this.#sequences.set(thread, sequence + 1);
    this.#ends[partition] = offset + 1;
    this.#keys.set(nameOf(spot), key);
    const emit = {
      ...({ h: "emit", producer, id: `id-${nameOf(spot)}`, source: "s", topic: "orders" } as const),
      ...{ key, sequence, sha: `sha-${nameOf(spot)}` },
    };
    this.add({ ...emit, at: this.#next(), ev: "invoke" });
    const expect = options.expect ?? { kind: "deliver", bodySha: `body-${nameOf(spot)}` };
    const { id, source, sha } = emit;
    const log = {
      h: "log",
      ...placeOf(spot),
      id,
      source,
      key,
      sha,
      expect: { crm: expect },
    } as const;
    this.add({ ...log, at: this.#next() });
    this.add({ ...emit, at: this.#next(), ev: "ok", partition, offset });
    return spot;
  }

  /** A whole call: sent, arrived, answered, ended. */
  call(spot: Spot, options: CallOptions = {}): this {
    return this.send(spot, options).arrive(spot, options).answer(spot, options).out(spot, options);
  }

  send(spot: Spot, options: CallOptions = {}): this {
    return this.add({ ...this.#attempt(spot, options), at: this.#next(), ev: "send" });
  }

  out(spot: Spot, options: CallOptions = {}): this {
    const { status = 200, isAmbiguous = status >= 500 } = options;
    const outcome = options.outcome ?? outcomeOf(status);
    const attempt = this.#attempt(spot, options);
    return this.add({ ...attempt, at: this.#next(), ev: "out", outcome, status, isAmbiguous });
  }

  arrive(spot: Spot, options: CallOptions = {}): this {
    this.#arrivalCount += 1;
    return this.add({ ...this.#receive(spot, options), at: this.#next(), ev: "arrive" });
  }

  /** Answers the last arrival. */
  answer(spot: Spot, options: CallOptions = {}): this {
    const { status = 200, retryAfterMs = null } = options;
    const line = this.#receive(spot, options);
    return this.add({
      ...line,
      at: this.#next(),
      ev: "answer",
      status,
      retryAfterMs,
      isWhole: true,
    });
  }

  /** Breaks the last arrival off. */
  broken(spot: Spot, options: CallOptions = {}): this {
    return this.add({ ...this.#receive(spot, options), at: this.#next(), ev: "broken" });
  }

  /** A commit, asked for, applied and acknowledged. */
  commit(offset: number, options: Partial<CommitLine> = {}): this {
    const line = this.commitLine(offset, options);
    this.add({ ...line, at: this.#next(), ev: "send" });
    this.seen(line);
    return this.add({ ...line, at: this.#next(), ev: "ok" });
  }

  /** A commit takes effect. */
  seen(line: CommitLine): this {
    const { metadata, offset, partition } = line;
    const seen = this.commitLine(offset, { partition, metadata, process: null, commit: null });
    return this.add({ ...seen, at: this.#next(), ev: "seen" });
  }

  /** A commit's fields; each is another request. */
  commitLine(offset: number, options: Partial<CommitLine> = {}): CommitLine {
    this.#commitCount += 1;
    return {
      ...{ h: "commit", at: 0, ev: "send", ...placeOf({ partition: 0, offset }), target: "crm" },
      ...{ commit: this.#commitCount, process: "p1", metadata: "", generation: 1, epoch: 1 },
      ...options,
    };
  }

  /** A dead letter, or a parked event, is in its topic. */
  givenUp(spot: Spot, kind: "dlq" | "park", options: Partial<GivenUpFields> = {}): this {
    return this.add({
      ...{ h: kind, at: this.#next(), ...placeOf(spot), target: "crm", epoch: 1 },
      ...{ key: this.#keys.get(nameOf(spot)) ?? null, sha: `sha-${nameOf(spot)}` },
      ...{
        reason: kind === "dlq" ? "HTTP_REJECTED" : "QUARANTINED",
        attempts: kind === "dlq" ? 1 : 0,
      },
      own: { partition: 0, offset: this.lines.length },
      ...options,
    });
  }

  settle(spot: Spot, outcome: "delivered" | "dead-lettered" | "parked", epoch = 1): this {
    const at = this.#next();
    return this.add({
      h: "settle",
      at,
      ...placeOf(spot),
      target: "crm",
      process: "p1",
      epoch,
      outcome,
    });
  }

  op(f: OperationLine["f"], fields: Partial<OperationLine> = {}): this {
    return this.add({ h: "ops", who: "run", ...fields, at: this.#next(), f });
  }

  /** A process tells the others to wait for so long, or is told. */
  throttle(ev: ThrottleLine["ev"], process: string, forMs: number): this {
    const line = { h: "throttle", ev, target: "crm", process, forMs } as const;
    return this.add({ ...line, at: this.#next() });
  }

  measure(
    what: "p99-healthy-keys" | "p99-healthy-target" | "rss" | "tap",
    values: Readonly<Record<string, number>>,
  ): this {
    for (const phase of ["clean", "faulted", "baseline", "load", "drained"] as const) {
      const value = values[phase];
      const limit = values["limit"];
      if (value === undefined) continue;
      const line = { h: "measure", at: this.#next(), what, who: "crm", phase, value } as const;
      const isLimited = phase === "load" || phase === "faulted";
      this.add(isLimited && limit !== undefined ? { ...line, limit } : line);
    }
    return this;
  }

  /** The p99 of a healthy target, 100 ms and 130 ms in samples that leave it so far open. */
  sampledP99({
    cleanHigh,
    faultedLow,
  }: Readonly<Record<"cleanHigh" | "faultedLow", number>>): this {
    const line = { h: "measure", what: "p99-healthy-target", who: "crm" } as const;
    const at = this.#next();
    this.add({ ...line, at, phase: "clean", value: 100, low: 90, high: cleanHigh });
    return this.add({ ...line, at, phase: "faulted", value: 130, low: faultedLow, high: 140 });
  }

  /** Heals, rests and closes. */
  end(): readonly HistoryLine[] {
    return this.op("heal").op("rest").close();
  }

  /** Reads the ends of the log. */
  close(): readonly HistoryLine[] {
    for (const [partition, end] of this.#ends.entries()) {
      this.lines.push({ h: "log-end", topic: "orders", partition, start: 0, end });
    }
    return this.lines;
  }

  add(line: HistoryLine): this {
    this.lines.push(line);
    return this;
  }

  #next(): number {
    this.at += 10;
    return this.at;
  }

  #attempt(spot: Spot, options: CallOptions): Omit<AttemptLine, "at" | "ev"> {
    const { process = "p1", epoch = 1, number = 1, job = null } = options;
    return {
      ...{ h: "attempt", ...placeOf(spot), target: "crm", process, epoch, number, job },
      key: this.#keys.get(nameOf(spot)) ?? null,
      idempotencyKey: options.idempotencyKey ?? `key-${nameOf(spot)}`,
    };
  }

  #receive(spot: Spot, options: CallOptions): Omit<ReceiveLine, "at" | "ev"> {
    const { process = "p1", job = null } = options;
    return {
      ...{ h: "recv", ...placeOf(spot), target: "crm", process, job },
      ...{ arrival: this.#arrivalCount, bodySha: options.body ?? `body-${nameOf(spot)}` },
      idempotencyKey: options.idempotencyKey ?? `key-${nameOf(spot)}`,
    };
  }
}

interface GivenUpFields {
  readonly key: string | null;
  readonly sha: string;
  readonly reason: string;
  readonly attempts: number;
  readonly epoch: number;
  readonly fits: NonNullable<GivenUpLine["fits"]>;
  readonly isLeftOpen: true;
}

function nameOf({ partition, offset }: Spot): string {
  return `${partition}-${offset}`;
}

function placeOf(spot: Spot): { readonly topic: string } & Spot {
  return { topic: "orders", ...spot };
}

function outcomeOf(status: number): NonNullable<AttemptLine["outcome"]> {
  if (status < 300) return "delivered";
  if (status === 429) return "throttled";
  if (status === 401 || status === 403) return "misconfigured";
  return status < 500 ? "rejected" : "retry";
}
