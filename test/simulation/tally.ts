import { INVARIANT_IDS, type InvariantId } from "../checker/verdict.ts";
import { Coverage } from "./coverage/coverage.ts";
import type { SeedRun } from "./seed-run.ts";

/** A seed that broke a promise, or whose driver gave up, or which came to no end. */
export interface FailedSeed {
  readonly seed: number;
  readonly broken: readonly InvariantId[];
  /** The first breach of each, in words. */
  readonly messages: readonly string[];
  /** What drivers said when they gave up. */
  readonly failures: readonly string[];
}

/** A tally as it goes from one process to another. */
export interface TallyFigures {
  readonly seedCount: number;
  readonly eventCount: number;
  readonly arrivalCount: number;
  readonly simulatedMs: number;
  readonly judged: readonly number[];
  readonly hits: readonly number[];
  readonly failed: readonly FailedSeed[];
}

/** What many seeds come to. */
export class Tally {
  readonly coverage = new Coverage();
  readonly failed: FailedSeed[] = [];
  /** How often each invariant was judged, in their order; 0 is never. */
  readonly judged: number[] = INVARIANT_IDS.map(() => 0);
  seedCount = 0;
  /** Events of the simulation. */
  eventCount = 0;
  /** Calls that targets got. */
  arrivalCount = 0;
  simulatedMs = 0;

  get figures(): TallyFigures {
    const { seedCount, eventCount, arrivalCount, simulatedMs, judged, failed } = this;
    const { hits } = this.coverage;
    return { seedCount, eventCount, arrivalCount, simulatedMs, judged, hits, failed };
  }

  add({ plan: { seed }, result, verdict, broken }: SeedRun): void {
    this.seedCount += 1;
    this.eventCount += result.eventCount;
    this.arrivalCount += result.arrivalCount;
    this.simulatedMs += result.simulatedMs;
    for (const [index, id] of INVARIANT_IDS.entries()) {
      const ruling = verdict.rulings[id];
      const count = ruling.status === "not-judged" ? 0 : ruling.judgedCount;
      this.judged[index] = (this.judged[index] ?? 0) + count;
    }
    const { failures } = result;
    if (broken.length === 0 && failures.length === 0) return;
    const messages = broken.map((id) => {
      const ruling = verdict.rulings[id];
      return ruling.status === "broken" ? `${id}: ${ruling.violations[0]?.message ?? ""}` : id;
    });
    this.failed.push({ seed, broken, messages, failures });
  }

  /** A seed whose world came to no end, since what an engine did made no sense in it; `failures`: what was said of that. */
  addUnfinished(seed: number, failures: readonly string[]): void {
    this.seedCount += 1;
    this.failed.push({ seed, broken: [], messages: [], failures });
  }

  merge(figures: TallyFigures): void {
    this.seedCount += figures.seedCount;
    this.eventCount += figures.eventCount;
    this.arrivalCount += figures.arrivalCount;
    this.simulatedMs += figures.simulatedMs;
    for (const [index, count] of figures.judged.entries()) {
      this.judged[index] = (this.judged[index] ?? 0) + count;
    }
    this.coverage.merge(figures.hits);
    this.failed.push(...figures.failed);
  }
}
