/** Delivery processes of one target on a Kafka in memory: started, stopped and killed as a seed says. */
import { strict as assert } from "node:assert";
import {
  asOffset,
  asPartition,
  asTarget,
  asTopic,
  DEFAULTS,
  TargetDriver,
  type EventPreparer,
  type SourceRecord,
  type Telemetry,
  type Topic,
  NO_TELEMETRY,
} from "@millrace/engine";
import { MemoryBroker } from "../support/memory-kafka/memory-broker.ts";
import type { MemoryGroup } from "../support/memory-kafka/memory-group.ts";
import { MemorySink } from "../support/memory-kafka/memory-sink.ts";
import { MemorySource } from "../support/memory-kafka/memory-source.ts";
import { MemoryStateLog } from "../support/memory-kafka/memory-state-log.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { SimulatedClock, type ProcessClock } from "../support/simulated-clock.ts";
import { SimulatedTarget } from "./simulated-target.ts";

const EVENTS = asTopic("events");
const STATE = asTopic("millrace.state");
const DEAD = asTopic("millrace.crm.dead");
const PARKED = asTopic("millrace.crm.parked");
const JOURNAL = asTopic("millrace.deliveries");
const GROUP = "millrace.crm";
const PARTITION_COUNT = 4;
const KEY_COUNT = 12;
const SESSION_MS = 10_000;
/** Tasks after which the group must have come to rest. */
const STEPS_MAX = 200_000;

interface DeliveryProcess {
  readonly name: string;
  readonly clock: ProcessClock;
  readonly driver: TargetDriver;
  /** As of its last assignment; empty before. */
  memberId: string;
}

/** See the head of this file. */
export class DeliveryGroup {
  readonly #random: SeededRandom;
  readonly #clock = new SimulatedClock();
  readonly #broker = new MemoryBroker(this.#clock);
  readonly #target: SimulatedTarget;
  readonly #running = new Set<DeliveryProcess>();
  readonly #killed = new Set<string>();
  readonly #failures: Error[] = [];
  readonly #committed = new Map<string, number>();
  #startCount = 0;
  #isBusy = false;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.#target = new SimulatedTarget(this.#random, this.#clock);
    this.#broker.createTopic(EVENTS, PARTITION_COUNT);
    this.#broker.createTopic(STATE, 1);
    this.#broker.createTopic(DEAD, PARTITION_COUNT);
    this.#broker.createTopic(PARKED, PARTITION_COUNT);
    this.#broker.createTopic(JOURNAL, 1);
  }

  /** Emits while processes come and go, then heals everything and checks what reached the target. */
  async run(eventCount: number): Promise<void> {
    this.#start();
    for (let emitted = 0; emitted < eventCount; emitted += 1) {
      this.#emit(emitted);
      if (this.#random.chance(0.02)) this.#trouble();
      for (let step = this.#random.below(12); step > 0; step -= 1) await this.#step();
    }
    this.#target.isHealed = true;
    for (let steps = 0; !this.#isAtRest(); steps += 1) {
      if (this.#running.size === 0) this.#start();
      assert.ok(steps < STEPS_MAX, "L1: the group does not come to rest");
      await this.#step();
    }
    this.#check(eventCount);
  }

  async #step(): Promise<void> {
    await this.#clock.step();
    assert.deepEqual(this.#failures, []);
    for (const [name, { offset }] of this.#broker.group(GROUP).offsets) {
      assert.ok(offset >= (this.#committed.get(name) ?? 0), `S7: ${name} goes back to ${offset}`);
      this.#committed.set(name, offset);
    }
  }

  #emit(index: number): void {
    const key = `k${this.#random.below(KEY_COUNT)}`;
    const partition = asPartition(Number(key.slice(1)) % PARTITION_COUNT);
    const place = { topic: EVENTS, partition };
    if (this.#random.chance(0.05)) this.#broker.log(place).hide(1 + this.#random.below(3));
    const value = Buffer.from(`${key}:${index}`);
    this.#broker.append(place, { topic: EVENTS, key: Buffer.from(key), value, headers: {} });
  }

  /** One process more, one stopped, or one killed; never two stops at once. */
  #trouble(): void {
    const running = [...this.#running];
    const dice = this.#random.next();
    if (running.length === 0 || (running.length < 3 && dice < 0.45)) return this.#start();
    const chosen = this.#random.pick(running);
    if (dice < 0.75) return this.#kill(chosen);
    if (this.#isBusy) return;
    this.#isBusy = true;
    void chosen.driver.stop(45_000).then(() => {
      this.#isBusy = false;
      this.#running.delete(chosen);
    });
  }

  #start(): void {
    this.#startCount += 1;
    const name = `process-${this.#startCount}`;
    const clock = this.#clock.forProcess();
    const broker = seenBy(this.#broker, clock);
    const telemetry: Telemetry = {
      ...NO_TELEMETRY,
      log: (_level, _message, fields) => {
        if (typeof fields?.["memberId"] === "string") process.memberId = fields["memberId"];
      },
    };
    const driver = new TargetDriver(
      {
        target: asTarget("crm"),
        groupId: GROUP,
        engine: { ...DEFAULTS, concurrencyMax: 6, retry: { ...DEFAULTS.retry, capMs: 5_000 } },
        startAt: { kind: "earliest" },
        deadTopic: DEAD,
        parkedTopic: PARKED,
        journalTopic: JOURNAL,
        mappingRevision: "r1",
        processId: name,
      },
      {
        source: new MemorySource(broker, GROUP, [EVENTS]),
        sink: new MemorySink(broker),
        journalSink: new MemorySink(broker),
        stateLog: new MemoryStateLog(broker, STATE),
        sender: this.#target.connect(name, clock),
        preparer: PREPARER,
        clock,
        entropy: () => this.#random.bits(),
        telemetry,
      },
      (error) => this.#failures.push(error),
    );
    const process: DeliveryProcess = { name, clock, driver, memberId: "" };
    this.#running.add(process);
    driver.start().catch((error: unknown) => this.#failures.push(asError(error)));
  }

  /** SIGKILL: nothing of it happens any more; the group notices when its session is over. */
  #kill(process: DeliveryProcess): void {
    process.clock.kill();
    this.#killed.add(process.name);
    this.#running.delete(process);
    this.#clock.schedule(SESSION_MS, () => {
      const alive = new Set([...this.#running].map(({ memberId }) => memberId));
      const group = this.#broker.group(GROUP);
      for (const id of group.memberIds) if (!alive.has(id)) group.expel(id);
    });
  }

  #isAtRest(): boolean {
    const { offsets } = this.#broker.group(GROUP);
    return this.#broker.logs(EVENTS).every((log) => {
      const last = log.read(asOffset(0), Infinity).records.at(-1)?.offset ?? -1;
      return (offsets.get(`${EVENTS}/${log.place.partition}`)?.offset ?? 0) > last;
    });
  }

  #check(eventCount: number): void {
    const { arrivals } = this.#target;
    const setAside = new Set([...this.#sourcesOf(DEAD), ...this.#sourcesOf(PARKED)]);
    const delivered = new Set(arrivals.filter((a) => a.wasTaken).map(({ event }) => event));
    const events = this.#broker
      .logs(EVENTS)
      .flatMap((log) => log.read(asOffset(0), Infinity).records);
    assert.equal(events.length, eventCount);
    for (const { partition, offset } of events) {
      const event = `${partition}/${offset}`;
      assert.ok(delivered.has(event) || setAside.has(event), `S5: ${event} is lost`);
    }
    this.#checkOrder();
    this.#checkRepeats();
  }

  /** The events of which records stand in one of the target's own topics. */
  #sourcesOf(topic: Topic): string[] {
    const letters = this.#broker
      .logs(topic)
      .flatMap((log) => log.read(asOffset(0), Infinity).records);
    const text = (value: unknown): string =>
      value instanceof Uint8Array ? Buffer.from(value).toString() : "";
    return letters.map(
      ({ headers }) => `${text(headers["millrace-partition"])}/${text(headers["millrace-offset"])}`,
    );
  }

  /** S8: per key, first arrivals come in the order of the log. */
  #checkOrder(): void {
    const seen = new Set<string>();
    const highest = new Map<string, number>();
    for (const { event, key: body } of this.#target.arrivals) {
      if (seen.has(event)) continue;
      seen.add(event);
      const key = body.split(":")[0] ?? "";
      const offset = Number(event.split("/")[1]);
      assert.ok(offset > (highest.get(key) ?? -1), `S8: ${event} of ${key} comes late`);
      highest.set(key, offset);
    }
  }

  /** S13: what a process took for delivered comes again only if that process was killed. */
  #checkRepeats(): void {
    const taken = new Map<string, string>();
    for (const { event, process, wasTaken } of this.#target.arrivals) {
      const before = taken.get(event);
      const isExcused = before === undefined || this.#killed.has(before);
      assert.ok(isExcused, `S13: ${event}, delivered by ${before}, comes again by ${process}`);
      if (wasTaken) taken.set(event, process);
    }
  }
}

/** Reads `<key>:<n>` and delivers everything. */
const PREPARER: EventPreparer = {
  prepare: (record: SourceRecord) => ({
    kind: "ready",
    verdict: { kind: "deliver" },
    event: {
      record,
      id: String(record.offset),
      source: "urn:simulation",
      type: "events.Happened",
      tenant: "default",
      traceparent: null,
      tracestate: null,
      request: {
        method: "POST",
        url: "http://target.example/",
        headers: {},
        body: Buffer.from(record.value ?? []).toString(),
        timeoutMs: 1_000,
      },
      mappingRevision: "1",
    },
  }),
  loadSchema: () => Promise.resolve(),
};

/** The broker as a process sees it: what it plans is on its own clock, and a dead one does not come back to its group. */
function seenBy(broker: MemoryBroker, clock: ProcessClock): MemoryBroker {
  const group = (groupId: string): MemoryGroup =>
    view(broker.group(groupId), (name, value) => {
      if (name !== "join" || !clock.isDead) return value;
      return () => new Promise(() => undefined);
    });
  return view(broker, (name, value) => {
    if (name === "clock") return clock;
    return name === "group" ? group : value;
  });
}

/** The same object with some members replaced. */
function view<Of extends object>(
  of: Of,
  member: (name: string | symbol, value: unknown) => unknown,
): Of {
  return new Proxy(of, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      return member(name, typeof value === "function" ? (value.bind(target) as unknown) : value);
    },
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
