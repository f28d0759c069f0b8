/** An engine with one partition, driven by hand: what the core's tests share. Time stands still unless moved. */
import type { AttemptResult } from "../src/core/lanes/attempt-result.ts";
import { DEFAULTS, type EngineConfig } from "../src/core/config.ts";
import type { Delivery, NewRecord } from "../src/core/lanes/delivery.ts";
import type { Effect, PartitionCommit } from "../src/core/effect.ts";
import {
  asEpoch,
  asOffset,
  asPartition,
  asRecordKey,
  asTopic,
  type PartitionId,
} from "../src/core/lanes/identity.ts";
import type { AssignedInput, Input } from "../src/core/input.ts";
import type { AsideTakeover } from "../src/core/aside/marker.ts";
import { createState, type EngineState } from "../src/core/state.ts";
import { step } from "../src/core/step.ts";

export const topic = asTopic("users");
export const partition = asPartition(0);

/** An answer that may heal. */
export const FAILED: Extract<AttemptResult, { kind: "retry" }> = {
  kind: "retry",
  reason: "HTTP_STATUS",
  status: 503,
  ambiguous: true,
  retryAfterMs: null,
};
/** The target is at work on this event: no failure of its own. */
export const BUSY: AttemptResult = { ...FAILED, status: 409, ambiguous: false };
/** Taken by the target. */
export const OK: AttemptResult = { kind: "delivered", status: 204 };
/** The target refuses the event for good. */
export const REJECTED: AttemptResult = { kind: "rejected", reason: "HTTP_REJECTED", status: 422 };
/** The target refuses our credentials. */
export const REFUSED: AttemptResult = {
  kind: "misconfigured",
  reason: "HTTP_UNAUTHORIZED",
  status: 401,
  detail: "",
};
/** The target is asked too much. */
export const throttled = (retryAfterMs: number | null): AttemptResult => ({
  kind: "throttled",
  status: 429,
  retryAfterMs,
});

type SentCommit = Extract<Effect<string>, { kind: "commit" }>;

/** A bench: one engine that owns partition 0 from the start. Its methods may be taken apart. */
export class EngineBench {
  readonly state: EngineState<string>;
  readonly world = { now: 0, offset: 0, effects: [] as Effect<string>[] };
  /** What a takeover finds. */
  markers: readonly AsideTakeover[] = [];
  readonly #committed: { readonly offset: number; readonly metadata: string };

  constructor(config: Partial<EngineConfig>, committed: { offset: number; metadata: string }) {
    this.state = createState<string>({ ...DEFAULTS, ...config }, 0);
    this.#committed = committed;
    this.world.offset = committed.offset;
    this.own(1);
  }

  readonly send = (input: Input<string>): readonly Effect<string>[] => {
    const { now } = this.world;
    const effects = step(this.state, [input], { now, wallNow: 1_000_000 + now, entropy: now });
    this.world.effects.push(...effects);
    return effects;
  };

  /** Begins a generation that owns partition 0. */
  readonly own = (
    generation: number,
    kind: AssignedInput["kind"] = "taken",
  ): readonly Effect<string>[] =>
    this.send({
      kind: "assigned",
      generation,
      partitionCount: 1,
      partitions: [this.assigned(kind, partition, generation)],
    });

  /** A partition of an assignment. */
  readonly assigned = (
    kind: AssignedInput["kind"],
    id: PartitionId,
    epoch: number,
  ): AssignedInput => {
    const { offset, metadata } = this.#committed;
    return {
      kind,
      topic,
      partition: id,
      epoch: asEpoch(epoch),
      committed: { offset: asOffset(offset), metadata },
      // Nothing was there for an earlier owner to attempt, unless it left a done set.
      logEndOffset: asOffset(metadata === "" ? offset : 1_000_000),
      markers: this.markers,
    };
  };

  /** Records named `<key><n>`; `-` is a null key, `!` undeliverable, `~` filtered out. */
  readonly arrive = (...names: string[]): readonly Effect<string>[] =>
    this.send({
      kind: "records",
      topic,
      partition,
      records: names.map((name) => namedRecord(name, this.world.offset++)),
    });

  /** The last attempt of an event. */
  readonly open = (name: string): Delivery<string> => {
    const found = this.world.effects.findLast(
      (effect) => effect.kind === "attempt" && effect.delivery.payload === name,
    );
    if (found?.kind !== "attempt") throw new Error(`${name} was never attempted`);
    return found.delivery;
  };

  readonly end = (name: string, result: AttemptResult = OK): readonly Effect<string>[] =>
    this.send({ kind: "attempts-ended", ends: [{ delivery: this.open(name), result }] });

  /** The last commit and its first partition's part. */
  readonly lastCommit = (): (SentCommit & Partial<PartitionCommit>) | undefined => {
    const last = this.world.effects.findLast((effect) => effect.kind === "commit");
    return last && { ...last, ...last.commits[0] };
  };

  readonly acknowledge = (): readonly Effect<string>[] =>
    this.send({ kind: "commit-acknowledged", id: this.lastCommit()?.id ?? -1 });

  /** Answers the writes that these effects ask for; gives what follows. */
  readonly answer = (
    effects: readonly Effect<string>[],
    how: "written" | "failed" = "written",
  ): readonly Effect<string>[] =>
    effects.flatMap((effect) => {
      switch (effect.kind) {
        case "dead-letter":
          return this.send({ kind: `dead-letters-${how}`, deliveries: [effect.delivery] });
        case "mark":
          return this.send({ kind: `marks-${how}`, marks: [effect] });
        case "park":
          return this.send({ kind: `parks-${how}`, parks: [effect] });
        case "release":
          return this.send({ kind: `releases-${how}`, detours: [effect.detour] });
        default:
          return [];
      }
    });

  readonly wait = (ms: number): readonly Effect<string>[] => {
    this.world.now += ms;
    return this.send({ kind: "tick" });
  };

  /** Whether fetching is paused, by partition. */
  readonly paused = (): readonly boolean[] =>
    [...this.state.partitions.values()].map(({ isFetchPaused }) => isFetchPaused);

  /** The time of the last wish to be woken. */
  readonly wakeAt = (): number =>
    this.world.effects.findLast((effect) => effect.kind === "wake")?.at ?? Infinity;

  /** Names of the events that these effects attempt. */
  readonly names = (effects: readonly Effect<string>[]): string[] =>
    attempts(effects).map(({ payload }) => payload);
}

/** A record named as {@link EngineBench.arrive} takes it. */
export function namedRecord(payload: string, at: number): NewRecord<string> {
  const offset = asOffset(at);
  if (payload.startsWith("~")) return { kind: "filtered", offset };
  const key = payload.startsWith("-") ? null : asRecordKey(payload.charAt(0));
  const verdict = payload.endsWith("!")
    ? { kind: "undeliverable" as const, reason: "DECODE_FAILED" as const, detail: "bad" }
    : { kind: "deliver" as const };
  return { kind: "matched", offset, key, bytes: 100, verdict, payload };
}

/** A bench with what differs from the defaults. */
export function setup(
  config: Partial<EngineConfig> = {},
  committed = { offset: 0, metadata: "" },
): EngineBench {
  return new EngineBench(config, committed);
}

/** The kinds of effects, in order. */
export function kinds(effects: readonly Effect<string>[]): Effect<string>["kind"][] {
  return effects.map(({ kind }) => kind);
}

function attempts(effects: readonly Effect<string>[]): Delivery<string>[] {
  return effects.flatMap((effect) => (effect.kind === "attempt" ? [effect.delivery] : []));
}
