/**
 * A history taken in line by line and indexed by (topic, partition, offset) and target. It judges nothing: what cannot
 * be joined is kept as a flaw of the history.
 */
import { readCoverage } from "../done-set.ts";
import { digest, fingerprint } from "../fingerprint.ts";
import type {
  AttemptLine,
  CommitLine,
  EmitLine,
  GivenUpLine,
  HistoryLine,
  LogLine,
  MeasureLine,
  OperationLine,
  Party,
  ReceiveLine,
  RunLine,
  SettleLine,
  StateLine,
  ThrottleLine,
} from "../history.ts";
import type { CanarySearch } from "../canary-search.ts";
import { Emissions } from "./emissions.ts";
import { Names } from "./names.ts";
import { type Claim, Processes } from "./processes.ts";
import {
  Arrival,
  Attempt,
  Channel,
  Delivery,
  type GivenUp,
  type MarkerRow,
  NEVER,
  NONE,
  type Operation,
  SourceRecord,
  type Stamp,
  Stream,
  type Target,
} from "./rows.ts";

/** Something the history lacks or has twice. */
export interface Flaw {
  readonly message: string;
  readonly delivery: Delivery | null;
}

/** The indexed history of one run. */
export class Ledger {
  run: RunLine | null = null;
  lineCount = 0;
  readonly parties = new Set<Party>();
  readonly streams: Stream[] = [];
  readonly targets: Target[] = [];
  readonly emissions = new Emissions();
  readonly names = new Names();
  readonly processes = new Processes();
  readonly operations: Operation[] = [];
  readonly measures: MeasureLine[] = [];
  /** Null where nobody searched. */
  canarySearch: CanarySearch | null = null;
  /** Offsets of the state topic that were read. */
  readonly #states = new Set<number>();
  /** Where dead letters and parked events stand. */
  readonly #aside = new Set<string>();
  readonly flaws: Flaw[] = [];
  /** `at` of the last line, ms since the run began. */
  endAt = 0;
  readonly #streams = new Map<string, Stream[]>();
  readonly #targets = new Map<string, Target>();
  #startedAt = 0;

  /** Takes in the next line; lines ascend in `at`. */
  add(line: HistoryLine): void {
    const order = this.lineCount;
    this.lineCount += 1;
    if (line.h === "run") return this.#begin(line);
    if (line.h === "log-end") return this.#end(line);
    const at = Math.round(line.at - this.#startedAt);
    if (at > this.endAt) this.endAt = at;
    this.#take(line, { at, order });
  }

  /** A target by its name, where the run names it. */
  targetOf(name: string): Target | undefined {
    return this.#targets.get(name);
  }

  /** After the last line: epochs come from claims where nobody told of assignments. */
  finish(): void {
    const { claims } = this.processes;
    const isAssigned = this.operations.some(({ line }) => line.f === "assigned");
    for (const { channels } of this.targets) {
      for (const channel of channels) {
        const known = claims.get(channel) ?? [];
        if (!isAssigned) this.processes.beginClaimed(channel, known);
        else if (claims.size > 0) this.#compare(channel, known);
        channel.floor = Math.min(channel.floor, this.#begunAt(channel));
      }
    }
  }

  /** Keeps what is wrong with the history itself. */
  flaw(message: string, delivery: Delivery | null = null): void {
    this.flaws.push({ message, delivery });
  }

  #compare({ epochs, target }: Channel, claims: readonly Claim[]): void {
    const numbers = new Set(claims.map(({ number }) => number));
    for (const { number, process } of epochs) {
      if (numbers.has(number)) continue;
      const name = this.processes.nameOf(process);
      this.flaw(`${name} has epoch ${number} of ${target.terms.target} without a claim`);
    }
  }

  #take(line: Exclude<HistoryLine, RunLine | { h: "log-end" }>, stamp: Stamp): void {
    switch (line.h) {
      case "emit":
        return this.#emit(line);
      case "log":
        return this.#log(line, stamp);
      case "attempt":
        return line.ev === "send" ? this.#send(line, stamp) : this.#out(line, stamp);
      case "recv":
        return line.ev === "arrive" ? this.#arrive(line, stamp) : this.#answer(line, stamp);
      case "commit":
        return this.#commit(line, stamp);
      case "settle":
        return this.#settle(line, stamp);
      case "dlq":
      case "park":
        return this.#giveUp(line, stamp);
      case "state":
        return this.#state(line, stamp);
      case "throttle":
        return this.#throttle(line, stamp);
      case "ops":
        return this.#operate(line, stamp);
      case "measure":
        this.measures.push(line);
    }
  }

  #begin(line: RunLine): void {
    if (this.run !== null) return this.flaw("a second run line");
    this.run = line;
    this.#startedAt = line.at;
    for (const party of line.parties) this.parties.add(party);
    for (const [topic, count] of Object.entries(line.topics)) {
      const streams = Array.from({ length: count }, (_, index) => new Stream(topic, index));
      this.#streams.set(topic, streams);
      this.streams.push(...streams);
    }
    for (const terms of line.targets) this.#addTarget(terms);
  }

  #addTarget(terms: Target["terms"]): void {
    const target: Target = {
      index: this.targets.length,
      terms,
      channels: [],
      attempts: [],
      arrivals: [],
      throttles: [],
    };
    this.targets.push(target);
    this.#targets.set(terms.target, target);
    for (const topic of terms.topics) {
      for (const stream of this.#streams.get(topic) ?? []) {
        const channel = new Channel(target, stream);
        stream.channels[target.index] = channel;
        target.channels.push(channel);
      }
    }
  }

  #end({ topic, partition, start, end }: { topic: string; partition: number } & Bounds): void {
    const stream = this.#streams.get(topic)?.[partition];
    if (stream === undefined) return this.flaw(`an end of ${topic}/${partition}, which no run has`);
    if (stream.end !== NONE) this.flaw(`a second end of ${topic}/${partition}`);
    stream.start = start;
    stream.end = end;
  }

  #emit(line: EmitLine): void {
    const flaw = this.emissions.add(line);
    if (flaw !== null) this.flaw(flaw);
  }

  #log(line: LogLine, stamp: Stamp): void {
    const record = this.#record(line);
    if (record === null) return;
    record.logCount += 1;
    if (record.logCount > 1 && record.sha !== digest(line.sha)) record.logCount = NEVER;
    record.key = this.names.keyOf(line.key);
    if (line.id !== null) {
      record.event = this.emissions.of(line.source, line.id);
      record.event.find(line.partition, line.offset);
    }
    record.sha = digest(line.sha);
    record.at = stamp.at;
    record.order = stamp.order;
    for (const channel of record.stream.channels) {
      const expectation = line.expect[channel.target.terms.target];
      const delivery = deliveryOf(channel, record);
      if (expectation === undefined) continue;
      delivery.expected = expectation.kind;
      if (expectation.kind !== "deliver") continue;
      delivery.body = digest(expectation.bodySha);
      if (expectation.otherBodyShas !== undefined) {
        delivery.otherBodies = expectation.otherBodyShas.map(digest);
      }
    }
  }

  #send(line: AttemptLine, { at, order }: Stamp): void {
    const delivery = this.#delivery(line);
    if (delivery === null) return;
    const process = this.processes.idOf(line.process);
    const job = this.names.jobOf(line.job);
    const keyPrint = fingerprint(line.idempotencyKey);
    const attempt = new Attempt(delivery, line, { at, order, process, job, keyPrint });
    if (findAttempt(delivery, attempt) !== null) this.flaw("an attempt is sent twice", delivery);
    delivery.firstAttempt = appended(delivery.firstAttempt, attempt);
    delivery.channel.attempts.push(attempt);
    delivery.channel.target.attempts.push(attempt);
  }

  #out(line: AttemptLine, { at, order }: Stamp): void {
    const delivery = this.#delivery(line);
    if (delivery === null) return;
    const process = this.processes.idOf(line.process);
    const job = this.names.jobOf(line.job);
    const { epoch, number } = line;
    const attempt = findAttempt(delivery, { process, epoch, number, job });
    if (attempt === null) return this.flaw("an attempt ends that was not sent", delivery);
    if (attempt.endOrder !== NEVER) return this.flaw("an attempt ends twice", delivery);
    if (line.outcome === undefined) this.flaw("an attempt ends without an outcome", delivery);
    attempt.endAt = at;
    attempt.endOrder = order;
    attempt.outcome = line.outcome;
    attempt.status = line.status ?? NONE;
    attempt.isAmbiguous = line.isAmbiguous === true;
  }

  #arrive(line: ReceiveLine, { at, order }: Stamp): void {
    const delivery = this.#delivery(line);
    if (delivery === null) return;
    if (findArrival(delivery, line.arrival) !== null) {
      return this.flaw(`arrival ${line.arrival} arrives twice`, delivery);
    }
    const arrival = new Arrival(delivery, {
      id: line.arrival,
      at,
      order,
      job: this.names.jobOf(line.job),
      process: line.process === undefined ? NONE : this.processes.idOf(line.process),
      keyPrint: fingerprint(line.idempotencyKey),
      body: digest(line.bodySha),
      isSigned: line.isSigned !== false,
    });
    delivery.firstArrival = appended(delivery.firstArrival, arrival);
    delivery.channel.arrivals.push(arrival);
    delivery.channel.target.arrivals.push(arrival);
  }

  #answer(line: ReceiveLine, { at, order }: Stamp): void {
    const delivery = this.#delivery(line);
    const arrival = delivery === null ? null : findArrival(delivery, line.arrival);
    if (arrival === null) {
      return this.flaw(`arrival ${line.arrival} of ${line.target} ends, but never came`, delivery);
    }
    if (line.ev === "broken") {
      if (arrival.isBroken) this.flaw(`arrival ${line.arrival} breaks twice`, delivery);
      arrival.isBroken = true;
      if (arrival.answerOrder !== NEVER) return;
    } else {
      if (arrival.status !== NONE) this.flaw(`arrival ${line.arrival} is answered twice`, delivery);
      arrival.status = line.status ?? NONE;
      arrival.isWhole = line.isWhole !== false;
      arrival.retryAfterMs = line.retryAfterMs ?? NONE;
    }
    arrival.answerAt = at;
    arrival.answerOrder = order;
  }

  #commit(line: CommitLine, { at, order }: Stamp): void {
    const channel = this.#channel(line);
    if (channel === null) return;
    const process = line.process === null ? NONE : this.processes.idOf(line.process);
    const { commit: id, offset, metadata } = line;
    if (line.ev === "ok" || line.ev === "fail") {
      const open = channel.commits.findLast(
        (commit) => commit.id === id && commit.process === process,
      );
      if (open?.offset !== offset || open.metadata !== metadata) {
        return this.flaw(`commit ${id ?? "?"} of ${process} is answered, but was not asked for`);
      }
      if (open.result !== "open") this.flaw(`commit ${id ?? "?"} is answered twice`);
      open.result = line.ev;
      open.endOrder = order;
      return;
    }
    const epoch = line.epoch ?? NONE;
    const isSeen = line.ev === "seen";
    const list = isSeen ? channel.seen : channel.commits;
    list.push({
      ...{ id, offset, metadata, process, epoch, generation: line.generation ?? NONE },
      ...{ sendAt: at, sendOrder: order },
      ...{ result: isSeen ? "ok" : "open", endOrder: isSeen ? order : NEVER },
    });
  }

  #settle(line: SettleLine, { at, order }: Stamp): void {
    const delivery = this.#delivery(line);
    if (delivery === null) return;
    const process = this.processes.idOf(line.process);
    const { epoch, outcome } = line;
    delivery.firstSettle = { at, order, process, epoch, outcome, next: delivery.firstSettle };
  }

  #giveUp(line: GivenUpLine, { at, order }: Stamp): void {
    const delivery = this.#delivery(line);
    if (delivery === null) return;
    const { h: kind, epoch, reason, attempts: attemptCount, own, fits, isLeftOpen } = line;
    const place = `${kind} ${line.target} ${own.partition}/${own.offset}`;
    if (this.#aside.has(place)) this.flaw(`${place} is read twice`, delivery);
    this.#aside.add(place);
    const givenUp: GivenUp = {
      ...{ delivery, kind, epoch, reason, attemptCount, fits, isLeftOpen, at, order },
      ...{ sha: digest(line.sha), key: this.names.keyOf(line.key), next: delivery.firstGivenUp },
    };
    delivery.firstGivenUp = givenUp;
    delivery.channel.givenUps.push(givenUp);
  }

  #throttle({ ev, target: name, process, forMs }: ThrottleLine, stamp: Stamp): void {
    const target = this.#targets.get(name);
    if (target === undefined) return this.flaw(`no target ${name} in this run`);
    target.throttles.push({ ...stamp, ev, process: this.processes.idOf(process), forMs });
  }

  #state(line: StateLine, stamp: Stamp): void {
    if (this.#states.has(line.offset)) this.flaw(`state entry ${line.offset} is read twice`);
    this.#states.add(line.offset);
    const [kind, target = "", topic = "", partition, epoch, lane = ""] = line.key.split("/");
    const channel = this.#targets.get(target)?.channels.find(({ stream }) => {
      return stream.topic === topic && String(stream.partition) === partition;
    });
    if (channel === undefined || typeof line.value !== "object" || line.value === null) return;
    const value: object = line.value;
    const isOvertaken = (): boolean =>
      channel.claims.some((claim) => claim > Number(epoch) && claim < line.offset);
    if (kind === "initialised" && "offset" in value && typeof value.offset === "number") {
      if (isOvertaken()) return;
      const { offset } = value;
      const owesAll = this.#owesAll(channel);
      if (!owesAll) channel.beginnings.push({ place: line.offset, offset });
      channel.floor = Math.min(channel.floor, owesAll ? 0 : offset);
    }
    if (kind === "marker") {
      channel.setAsideKeys.add(this.names.keyOf(keyIn(lane)));
      const marker = isOvertaken() ? null : markerIn(value);
      if (marker !== null) channel.markers.push({ ...stamp, ...marker, epoch: Number(epoch) });
    }
    if (kind === "progress" && "next" in value && typeof value.next === "number") {
      const key = this.names.keyOf(keyIn(lane));
      const { offset: place } = line;
      channel.progress.push({ ...stamp, epoch: Number(epoch), place, key, next: value.next });
    }
    if (kind === "replay" && "next" in value && "done" in value) {
      const coverage = readCoverage(Number(value.next), String(value.done));
      const job = this.names.jobOf(lane);
      channel.replaySteps.push({ job, epoch: Number(epoch), place: line.offset, coverage });
    }
    if (kind === "claim") channel.claims.push(line.offset);
    if (kind !== "claim" || !("process" in value) || typeof value.process !== "string") return;
    const process = this.processes.idOf(value.process);
    const isTold = "generation" in value && typeof value.generation === "number";
    const generation = isTold ? Number(value.generation) : NONE;
    this.processes.claim(channel, { ...stamp, number: line.offset, process, generation });
  }

  /** The first commit binds too: what a partition's owner wrote of its beginning may have been void (an overtaken one claimed late). */
  #begunAt(channel: Channel): number {
    const first = channel.target.terms.startAt === "latest" ? channel.seen[0] : undefined;
    if (first !== undefined && !this.#owesAll(channel)) return first.offset;
    return channel.floor === NEVER ? 0 : NEVER;
  }

  /** Whatever it says itself: what it starts at the first record with, and what came after it knew its topic. */
  #owesAll({ target, stream }: Channel): boolean {
    if (target.terms.startAt === "earliest") return true;
    const added = this.operations.find(
      ({ line: { f, topic, partition = NEVER } }) =>
        f === "partitions-added" && topic === stream.topic && stream.partition >= partition,
    );
    if (added === undefined) return false;
    return target.channels.some(
      (one) => one.stream.topic === stream.topic && (one.seen[0]?.sendOrder ?? NEVER) < added.order,
    );
  }

  #operate(line: OperationLine, stamp: Stamp): void {
    const operation = { line, ...stamp };
    const before = this.operations.at(-1);
    if (before?.at === stamp.at && isToldTwice(before.line, line)) {
      this.flaw(`${line.f} of ${line.who} is told twice`);
    }
    this.operations.push(operation);
    const { target, topic, partition } = line;
    const channels = this.targets
      .filter(({ terms }) => target === undefined || terms.target === target)
      .flatMap((named) => named.channels)
      .filter(({ stream }) => topic === undefined || stream.topic === topic)
      .filter(({ stream }) => partition === undefined || stream.partition === partition);
    const flaw = this.processes.operate(operation, channels);
    if (flaw !== null) this.flaw(flaw);
    if (target === undefined && topic === undefined) return;
    for (const channel of channels) channel.operations.push(operation);
  }

  #channel(line: { target: string; topic: string; partition: number }): Channel | null {
    const target = this.#targets.get(line.target);
    const stream = this.#streams.get(line.topic)?.[line.partition];
    const channel = target === undefined ? undefined : stream?.channels[target.index];
    if (channel !== undefined) return channel;
    this.flaw(`${line.target} has no ${line.topic}/${line.partition} in this run`);
    return null;
  }

  #delivery(line: { target: string; topic: string } & Position): Delivery | null {
    const channel = this.#channel(line);
    const record = channel === null ? null : this.#record(line);
    return channel === null || record === null ? null : deliveryOf(channel, record);
  }

  #record({ topic, partition, offset }: { topic: string } & Position): SourceRecord | null {
    const stream = this.#streams.get(topic)?.[partition];
    if (stream === undefined) {
      this.flaw(`no ${topic}/${partition} in this run`);
      return null;
    }
    let record = stream.records.get(offset);
    if (record === undefined) {
      record = new SourceRecord(stream, offset);
      stream.records.set(offset, record);
    }
    return record;
  }
}

interface Bounds {
  readonly start: number;
  readonly end: number;
}

interface Position {
  readonly partition: number;
  readonly offset: number;
}

/** What the value of a marker tells; null where it tells nothing. */
function markerIn(value: object): Pick<MarkerRow, "offset" | "redriveCount" | "keyCount"> | null {
  if (!("offset" in value && "redriveCount" in value && "keyCount" in value)) return null;
  const { offset, redriveCount, keyCount } = value;
  const isWhole =
    typeof offset === "number" && typeof redriveCount === "number" && typeof keyCount === "number";
  return isWhole ? { offset, redriveCount, keyCount } : null;
}

/** The key that the name of a state entry holds. */
function keyIn(lane: string): string {
  return Buffer.from(lane, "base64url").toString("latin1");
}

function deliveryOf(channel: Channel, record: SourceRecord): Delivery {
  const known = record.deliveryAt(channel);
  if (known !== null) return known;
  const delivery = new Delivery(channel, record);
  delivery.sibling = record.firstDelivery;
  record.firstDelivery = delivery;
  channel.deliveries.push(delivery);
  return delivery;
}

/** A chain with one more at its end; chains are short, and a field for their end would cost more than to walk them. */
function appended<Row extends { next: Row | null }>(first: Row | null, row: Row): Row {
  if (first === null) return row;
  let last = first;
  while (last.next !== null) last = last.next;
  last.next = row;
  return first;
}

function findArrival({ firstArrival }: Delivery, id: number): Arrival | null {
  let one = firstArrival;
  while (one !== null && one.id !== id) one = one.next;
  return one;
}

/** An engine may say more than once that it waits, and a process that stood still hears of several resets at once. */
function isToldTwice(a: OperationLine, b: OperationLine): boolean {
  if (a === b) return true;
  if (a.f === "held" || a.f === "released" || a.f === "breaker-reset") return false;
  return a.f === b.f && a.who === b.who && JSON.stringify(a) === JSON.stringify(b);
}

function findAttempt(
  delivery: Delivery,
  wanted: Pick<Attempt, "process" | "epoch" | "number" | "job">,
): Attempt | null {
  for (let attempt = delivery.firstAttempt; attempt !== null; attempt = attempt.next) {
    const isSender = attempt.process === wanted.process && attempt.epoch === wanted.epoch;
    if (isSender && attempt.number === wanted.number && attempt.job === wanted.job) return attempt;
  }
  return null;
}
