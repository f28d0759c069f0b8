/** An engine beside whose live events a range is sent once more: what tests of replays share. */
import type { EngineConfig } from "../src/core/config.ts";
import type { Effect } from "../src/core/effect.ts";
import { asJob, asOffset } from "../src/core/lanes/identity.ts";
import type {
  Replay,
  ReplayReading,
  ReplayRequest,
  ReplayStep,
} from "../src/core/replay/replay.ts";
import { EngineBench, namedRecord, OK, partition, topic } from "./engine-bench.ts";

export const JOB = asJob("job-1");

type Effects = readonly Effect<string>[];

/** A bench whose events have all been delivered live. */
export class ReplayBench extends EngineBench {
  /** Names of the events of the partition, by offset. */
  readonly log: string[] = [];
  /** Records that one reading gives at most. */
  pageCount = Infinity;

  constructor(config: Partial<EngineConfig> = {}) {
    super(config, { offset: 0, metadata: "" });
  }

  /** Live events come. */
  readonly come = (...names: string[]): Effects => {
    this.log.push(...names);
    return this.arrive(...names);
  };

  /** Live events come and are delivered. */
  readonly deliver = (...names: string[]): void => {
    let open = this.names(this.come(...names));
    while (open.length > 0) open = open.flatMap((name) => this.names(this.end(name, OK)));
  };

  /** Asks for a replay, of all that is in the log by default; gives what follows, its readings answered. */
  readonly replay = (more: Partial<ReplayRequest> = {}): Effects =>
    this.read(
      this.send({
        ...{ kind: "replay", job: JOB, mode: "repair", topic, partition, wish: "run", step: null },
        ...{ from: asOffset(0), to: asOffset(this.log.length) },
        ...more,
      }),
    );

  /** Answers the readings that these effects ask for; gives all of it. */
  readonly read = (effects: Effects): Effects =>
    effects.flatMap((effect): Effects => {
      if (effect.kind !== "read-replay") return [effect];
      return [effect, ...this.read(this.find(effect.reading))];
    });

  /** Ends an attempt, and answers the readings that follow. */
  readonly finish = (...of: Parameters<EngineBench["end"]>): Effects => this.read(this.end(...of));

  /** What one reading finds in the log. */
  readonly find = (reading: ReplayReading<string>): Effects => {
    const count = Math.min(this.pageCount, reading.countMax);
    const to = Math.min(reading.to, reading.from + count);
    const records = this.log
      .slice(reading.from, to)
      .map((name, index) => namedRecord(name, reading.from + index));
    return this.send({ kind: "replay-found", reading, records, next: asOffset(to) });
  };

  /** The last reading that was asked for. */
  readonly reading = (): ReplayReading<string> => {
    const last = this.world.effects.findLast((effect) => effect.kind === "read-replay");
    if (last?.kind !== "read-replay") throw new Error("nothing was to be read");
    return last.reading;
  };

  /** Lets the open write of progress stand; gives what was written, and what follows. */
  readonly keepProgress = (): { readonly step: ReplayStep | undefined; readonly next: Effects } => {
    this.wait(25);
    const last = this.world.effects.findLast((effect) => effect.kind === "progress");
    if (last?.kind !== "progress") throw new Error("no progress was written");
    const next = this.send({ kind: "progress-written", id: last.id });
    return { step: last.replays.at(-1)?.step, next };
  };

  /** The replay of a job; undefined once it is over. */
  readonly replayOf = (job = JOB): Replay<string> | undefined =>
    [...this.state.replays.all].find(({ plan }) => plan.job === job);
}
