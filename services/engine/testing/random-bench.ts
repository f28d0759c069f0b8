/** One engine under random inputs, all of them from a seed: a log, a group, writes and a target with moods. It checks nothing. */
import type { AttemptResult } from "../src/core/lanes/attempt-result.ts";
import type { Delivery, NewRecord } from "../src/core/lanes/delivery.ts";
import type { Effect } from "../src/core/effect.ts";
import { asEpoch, asJob, asOffset, asPartition, asRecordKey } from "../src/core/lanes/identity.ts";
import type { AssignedInput, AttemptEnd, Input } from "../src/core/input.ts";
import type { Marker } from "../src/core/aside/marker.ts";
import type { ProgressEntry } from "../src/core/aside/progress.ts";
import type { RedriveRequest } from "../src/core/aside/redrive.ts";
import type { ReplayPlan, ReplayStep } from "../src/core/replay/replay.ts";
import { createState, partitionName, type EngineState } from "../src/core/state.ts";
import { step } from "../src/core/step.ts";
import { BUSY, FAILED, OK, REFUSED, REJECTED, throttled, topic } from "./engine-bench.ts";
import { randomConfig } from "./random-config.ts";
import { SeededDraws } from "./seeded-draws.ts";

type Kind = Effect<string>["kind"];
type Asked<K extends Kind> = Extract<Effect<string>, { kind: K }>;
type Write = Asked<"dead-letter" | "mark" | "park" | "release">;

/** What stands in the log of one partition. */
interface Log {
  readonly records: { readonly key: string | null; readonly kind: "ok" | "bad" | "filtered" }[];
  readonly markers: Map<string, Marker>;
  /** How far detours came, and what they drop, by lane. */
  readonly steps: Map<string, ProgressEntry<string>>;
  readonly parked: number[];
  committed: { readonly offset: number; readonly metadata: string };
  position: number;
}

const PARTITIONS = [asPartition(0), asPartition(1)] as const;
/** How the target answers for a while. */
const MOODS: readonly (readonly AttemptResult[])[] = [
  [OK],
  [OK],
  [OK, OK, OK, FAILED, REJECTED, BUSY, { kind: "abandoned", ambiguous: true }],
  [FAILED],
  [FAILED, FAILED, { ...FAILED, retryAfterMs: 2_000 }, { kind: "abandoned", ambiguous: false }],
  [OK, throttled(null), throttled(1_500), REFUSED],
  [REJECTED, OK],
];

/** Told of each input, when the engine has taken it in. */
export type Observer = (state: EngineState<string>, input: Input<string>) => void;

/** A seed's engine. */
export class RandomBench {
  readonly #draws: SeededDraws;
  readonly #state: EngineState<string>;
  readonly #observer: Observer;
  readonly #logs: readonly Log[];
  readonly #attempts: Delivery<string>[] = [];
  readonly #writes: Write[] = [];
  readonly #readings: Asked<"read-detour">[] = [];
  readonly #progress: Asked<"progress">[] = [];
  readonly #replayReadings: Asked<"read-replay">[] = [];
  readonly #commits: Asked<"commit">[] = [];
  /** Replays that are not over, and how far they came as the log tells. */
  readonly #replays = new Map<string, { readonly plan: ReplayPlan; step: ReplayStep | null }>();
  #jobCount = 0;
  #mood = MOODS[0] ?? [];
  #now = 0;
  #generation = 0;
  #epoch = 0;

  constructor(seed: number, observer: Observer) {
    this.#draws = new SeededDraws(seed);
    this.#state = createState<string>(randomConfig(this.#draws), 0);
    this.#observer = observer;
    this.#logs = PARTITIONS.map(() => ({
      records: [],
      markers: new Map(),
      steps: new Map(),
      parked: [],
      committed: { offset: 0, metadata: "" },
      position: 0,
    }));
  }

  /** Sends so many inputs. */
  run(count: number): void {
    this.#assign();
    for (let index = 0; index < count; index += 1) this.#act();
  }

  #act(): void {
    const draws = this.#draws;
    if (draws.chance(0.03)) this.#mood = draws.pick(MOODS);
    this.#now += draws.pick([0, 0, 1, 20, 300, 1_100]);
    const dice = draws.below(240);
    if (dice < 22) return this.#fetch();
    if (dice < 80) return this.#endAttempts();
    if (dice < 120) return this.#answerWrite();
    if (dice < 145) return this.#answerReading();
    if (dice < 152) return this.#answerProgress();
    if (dice < 165) return this.#answerCommit();
    if (dice < 173) return this.#send({ kind: "tick" });
    if (dice < 181) return this.#redrive();
    if (dice < 185) return this.#discard();
    const by = draws.pick(["operator", "guard"] as const);
    if (dice < 191) return this.#send({ kind: "resume", by });
    if (dice < 193) return this.#send({ kind: "pause", by, reason: "TEST" });
    if (dice < 196) return this.#send({ kind: "breaker-reset" });
    if (dice < 198) return this.#throttle();
    if (dice >= 200) return this.#actOnReplay(dice - 200);
    this.#control(draws.below(100));
  }

  /** Another process was asked to wait; often that is over. */
  #throttle(): void {
    const forMs = this.#draws.pick([-1_000, 0, 20, 300, 1_500]);
    this.#send({ kind: "throttle", forMs, by: "other" });
  }

  #actOnReplay(dice: number): void {
    if (dice < 10) return this.#replay();
    if (dice < 32) return this.#answerReplayReading();
    const all = [...this.#state.replays.all];
    const known = all.find(({ inFlightCount }) => inFlightCount > 0) ?? all[0];
    const job = known?.plan.job ?? asJob("none");
    const wish = this.#draws.pick(["run", "run", "run", "pause", "cancel"] as const);
    this.#send({ kind: "replay-steered", job, wish });
  }

  /** A new job, or one that goes on. */
  #replay(): void {
    const draws = this.#draws;
    const known = [...this.#replays.values()];
    if (known.length > 0 && draws.chance(0.7)) {
      const { plan, step } = draws.pick(known);
      return this.#send({ kind: "replay", ...plan, wish: "run", step });
    }
    this.#jobCount += 1;
    const job = asJob(`job-${this.#jobCount}`);
    const partition = draws.pick(PARTITIONS);
    const from = draws.below(this.#logOf(partition).records.length + 1);
    const to = asOffset(from + draws.below(20));
    const plan = { job, mode: "repair", topic, partition, from: asOffset(from), to } as const;
    this.#replays.set(job, { plan, step: null });
    this.#send({ kind: "replay", ...plan, wish: draws.pick(["run", "run", "pause"]), step: null });
  }

  #answerReplayReading(): void {
    const reading = this.#draws.take(this.#replayReadings)?.reading;
    if (reading === undefined) return;
    const { replay, from, to } = reading;
    const log = this.#logOf(replay.plan.partition);
    if (this.#draws.chance(0.2)) {
      const failure = { kind: "again" } as const;
      return this.#send({ kind: "replay-failed", reading, failure });
    }
    if (this.#draws.chance(0.05)) {
      const ends = { logStartOffset: to, logEndOffset: asOffset(log.records.length) };
      return this.#send({ kind: "replay-failed", reading, failure: { kind: "gone", ...ends } });
    }
    const next = asOffset(Math.min(to, from + 1 + this.#draws.below(8)));
    const offsets = Array.from({ length: next - from }, (_, index) => from + index);
    this.#send({ kind: "replay-found", reading, records: recordsOf(log, offsets, false), next });
  }

  /** What the group asks for; often nothing. */
  #control(dice: number): void {
    if (dice < 12) return this.#send({ kind: "drain" });
    if (dice < 20) return this.#revoke();
    if (dice < 26) return this.#send({ kind: "fenced" });
    const isIdle = this.#state.membership !== "active" || this.#state.isGenerationOver;
    if (dice < (isIdle ? 80 : 34)) this.#assign();
  }

  #revoke(): void {
    this.#send({
      kind: "revoked",
      partitions: [{ topic, partition: this.#draws.pick(PARTITIONS) }],
    });
  }

  #assign(): void {
    this.#generation += 1;
    const partitions = PARTITIONS.flatMap((partition): AssignedInput[] => {
      const isOwned = this.#state.partitions.has(partitionName(topic, partition));
      if (isOwned && this.#draws.chance(0.7)) return [{ kind: "continued", topic, partition }];
      return this.#draws.chance(0.8) ? [this.#take(partition)] : [];
    });
    this.#commits.length = 0;
    this.#send({ kind: "assigned", generation: this.#generation, partitions, partitionCount: 2 });
  }

  #take(partition: (typeof PARTITIONS)[number]): AssignedInput {
    const log = this.#logOf(partition);
    const { offset, metadata } = log.committed;
    this.#epoch += 1;
    log.position = offset;
    return {
      kind: "taken",
      topic,
      partition,
      epoch: asEpoch(this.#epoch),
      committed: { offset: asOffset(offset), metadata },
      logEndOffset: asOffset(log.records.length),
      markers: [...log.markers.values()].map((marker) => {
        const { next = marker.offset, dropBelow = null } = log.steps.get(marker.lane) ?? {};
        return { marker, next, cursor: null, dropBelow };
      }),
    };
  }

  #fetch(): void {
    const partition = this.#draws.pick(PARTITIONS);
    const owned = this.#state.partitions.get(partitionName(topic, partition));
    if (owned?.isFetchPaused === true) return;
    const log = this.#logOf(partition);
    const from = log.position;
    log.position += 1 + this.#draws.below(5);
    while (log.records.length < log.position) {
      const key = this.#draws.chance(0.15) ? null : `k${this.#draws.below(4)}`;
      log.records.push({
        key,
        kind: this.#draws.pick(["ok", "ok", "ok", "ok", "bad", "filtered"]),
      });
    }
    const offsets = Array.from({ length: log.position - from }, (_, index) => from + index);
    this.#send({ kind: "records", topic, partition, records: recordsOf(log, offsets, false) });
  }

  /** One, or some at once. */
  #endAttempts(): void {
    // A probe takes long, so that much else happens meanwhile.
    if (this.#state.hold.breaker.stage === "half-open" && this.#draws.chance(0.8)) return;
    const ends: AttemptEnd<string>[] = [];
    do {
      const delivery = this.#draws.take(this.#attempts);
      if (delivery === undefined) break;
      // So does what a replay waits for that is to stop.
      const isLast = delivery.lane.replay?.stage === "stopping" && delivery.partition.isOwned;
      if (isLast && this.#draws.chance(0.9)) {
        this.#attempts.push(delivery);
        break;
      }
      ends.push({ delivery, result: this.#draws.pick(this.#mood) });
    } while (this.#draws.chance(0.2));
    if (ends.length > 0) this.#send({ kind: "attempts-ended", ends });
  }

  #answerWrite(): void {
    const write = this.#draws.take(this.#writes);
    if (write === undefined) return;
    // Releases are rare, so they take long and fail often.
    const isRelease = write.kind === "release";
    if (isRelease && this.#draws.chance(0.8)) return void this.#writes.push(write);
    const how = this.#draws.chance(isRelease ? 0.4 : 0.75) ? "written" : "failed";
    if (how === "written") this.#keep(write);
    switch (write.kind) {
      case "dead-letter":
        return this.#send({ kind: `dead-letters-${how}`, deliveries: [write.delivery] });
      case "mark":
        return this.#send({ kind: `marks-${how}`, marks: [write] });
      case "park":
        return this.#send({ kind: `parks-${how}`, parks: [write] });
      case "release":
        return this.#send({ kind: `releases-${how}`, detours: [write.detour] });
    }
  }

  #keep(write: Write): void {
    switch (write.kind) {
      case "dead-letter":
        return;
      case "mark":
        if (!write.partition.isOwned) return;
        this.#logOf(write.partition.partition).markers.set(write.marker.lane, write.marker);
        this.#logOf(write.partition.partition).steps.delete(write.marker.lane);
        return;
      case "park":
        for (const { partition, offset } of write.deliveries) {
          this.#logOf(partition.partition).parked.push(offset);
        }
        return;
      case "release": {
        const { partition, marker } = write.detour.aside;
        if (!partition.isOwned) return;
        this.#logOf(partition.partition).markers.delete(marker.lane);
        this.#logOf(partition.partition).steps.delete(marker.lane);
      }
    }
  }

  #answerReading(): void {
    const reading = this.#draws.take(this.#readings);
    if (reading === undefined) return;
    const { detour } = reading;
    if (this.#draws.chance(0.2)) return this.#send({ kind: "detour-failed", detour });
    this.#send({ kind: "detour-found", detour, ...this.#find(reading) });
  }

  #find({ detour: { aside }, from, below }: Asked<"read-detour">) {
    const { marker, partition } = aside;
    const log = this.#logOf(partition.partition);
    const laneOf = (offset: number) =>
      this.#state.config.order === "partition" ? "" : log.records[offset]?.key;
    const parked = [...new Set(log.parked)]
      .filter((offset) => offset >= from && laneOf(offset) === marker.lane)
      .toSorted((one, other) => one - other);
    const isDead = marker.kind === "quarantine" && from <= marker.offset;
    const all = isDead ? [...new Set([marker.offset, ...parked])] : parked;
    const ready = all.filter((offset) => offset < below);
    const taken = ready.slice(0, 1 + this.#draws.below(4));
    const ahead = all.find((offset) => offset >= below);
    return {
      records: recordsOf(log, taken, this.#draws.chance(0.7)),
      cursor: null,
      isEnd: taken.length === ready.length,
      ahead: ahead === undefined ? null : asOffset(ahead),
    };
  }

  #answerProgress(): void {
    const progress = this.#draws.take(this.#progress);
    if (progress === undefined) return;
    const kind = this.#draws.chance(0.5) ? "progress-written" : "progress-failed";
    for (const entry of kind === "progress-written" ? progress.entries : []) {
      const { markers, steps } = this.#logOf(entry.partition.partition);
      const { lane } = entry.marker;
      const isCurrent = entry.partition.isOwned && markers.get(lane) === entry.marker;
      if (isCurrent) steps.set(lane, entry);
    }
    for (const { replay, step } of kind === "progress-written" ? progress.replays : []) {
      const known = replay.partition.isOwned ? this.#replays.get(replay.plan.job) : undefined;
      if (known === undefined) continue;
      if (step.end === null) known.step = step;
      else this.#replays.delete(replay.plan.job);
    }
    this.#send({ kind, id: progress.id });
  }

  #answerCommit(): void {
    const commit = this.#draws.take(this.#commits);
    if (commit === undefined) return;
    const isTaken = this.#draws.chance(0.7) && commit.generation === this.#generation;
    if (!isTaken) {
      const isFenced = this.#draws.chance(0.2);
      return this.#send({ kind: "commit-failed", id: commit.id, isFenced });
    }
    for (const { partition, offset, metadata } of commit.commits) {
      this.#logOf(partition).committed = { offset, metadata };
    }
    this.#send({ kind: "commit-acknowledged", id: commit.id });
  }

  #redrive(): void {
    this.#send({ kind: "redrive", ...this.#wanted() });
  }

  #discard(): void {
    const wanted = this.#wanted();
    const below = asOffset(wanted.offset + 1 + this.#draws.below(6));
    this.#send({ kind: "discard", ...wanted, below });
  }

  /** A key that is set aside, as its marker says. */
  #wanted(): RedriveRequest {
    const partition = this.#draws.pick(PARTITIONS);
    const markers = [...this.#logOf(partition).markers.values()];
    const nothing = { lane: "k0", offset: asOffset(0), redriveCount: 0 };
    const marker = markers.length === 0 ? nothing : this.#draws.pick(markers);
    const { lane, offset, redriveCount } = marker;
    return { topic, partition, key: asRecordKey(lane), offset, redriveCount };
  }

  #send(input: Input<string>): void {
    const moment = { now: this.#now, wallNow: this.#now, entropy: this.#draws.bits() };
    for (const effect of step(this.#state, [input], moment)) this.#note(effect);
    this.#observer(this.#state, input);
  }

  #note(effect: Effect<string>): void {
    switch (effect.kind) {
      case "attempt":
        this.#attempts.push(effect.delivery);
        return;
      case "dead-letter":
      case "mark":
      case "park":
      case "release":
        this.#writes.push(effect);
        return;
      case "read-detour":
        this.#readings.push(effect);
        return;
      case "progress":
        this.#progress.push(effect);
        return;
      case "read-replay":
        this.#replayReadings.push(effect);
        return;
      case "commit":
        this.#commits.push(effect);
        return;
      default:
    }
  }

  #logOf(partition: number): Log {
    const log = this.#logs[partition];
    if (log === undefined) throw new Error(`no partition ${partition}`);
    return log;
  }
}

function recordsOf(
  { records }: Log,
  offsets: readonly number[],
  isMended: boolean,
): NewRecord<string>[] {
  return offsets.flatMap((at): NewRecord<string>[] => {
    const record = records[at];
    const offset = asOffset(at);
    if (record === undefined) return [];
    if (record.kind === "filtered") return [{ kind: "filtered", offset }];
    return [
      {
        kind: "matched",
        offset,
        key: record.key === null ? null : asRecordKey(record.key),
        bytes: 10,
        verdict:
          record.kind === "ok" || isMended
            ? { kind: "deliver" }
            : { kind: "undeliverable", reason: "DECODE_FAILED", detail: "" },
        payload: `${at}`,
      },
    ];
  });
}
