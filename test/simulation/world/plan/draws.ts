/**
 * Every random decision of a world, from its seed. Each site (`commit.lost`, `latency.crm`) has a stream of its own, so
 * that leaving one decision out changes the others as little as can be: that is what lets a failing seed be shrunk.
 */
import { SeededRandom } from "../../../support/seeded-random.ts";

/** A fault that was decided for, by name: `<site>#<n>`. */
export type FaultName = string;

/** See the head of this file. */
export class Draws {
  readonly #seed: number;
  readonly #suppressed: ReadonlySet<FaultName>;
  readonly #streams = new Map<string, Stream>();
  readonly #faults: FaultName[] = [];

  /** @param suppressed faults that are not to happen in this run. */
  constructor(seed: number, suppressed: ReadonlySet<FaultName> = new Set()) {
    this.#seed = seed;
    this.#suppressed = suppressed;
  }

  /** Faults that were decided for, in order. */
  get faults(): readonly FaultName[] {
    return this.#faults;
  }

  /** Whether a fault happens here and now. Only these decisions are ever suppressed. */
  isFaulty(site: string, share: number): boolean {
    if (share <= 0) return false;
    const stream = this.#stream(site);
    const index = stream.faultCount;
    stream.faultCount += 1;
    if (stream.random.next() >= share) return false;
    const name = `${site}#${index}`;
    if (this.#suppressed.has(name)) return false;
    this.#faults.push(name);
    return true;
  }

  chance(site: string, share: number): boolean {
    return this.#stream(site).random.next() < share;
  }

  /** Uniform whole number from 0 to below `count`. */
  below(site: string, count: number): number {
    return this.#stream(site).random.below(count);
  }

  /** Uniform in [from, to). */
  between(site: string, from: number, to: number): number {
    return from + this.#stream(site).random.next() * (to - from);
  }

  /** One of the items. @throws for none. */
  pick<Item>(site: string, items: readonly Item[]): Item {
    return this.#stream(site).random.pick(items);
  }

  /** 32 random bits. */
  bits(site: string): number {
    return this.#stream(site).random.bits();
  }

  #stream(site: string): Stream {
    let stream = this.#streams.get(site);
    if (stream === undefined) {
      stream = { random: new SeededRandom(mix(this.#seed, site)), faultCount: 0 };
      this.#streams.set(site, stream);
    }
    return stream;
  }
}

interface Stream {
  readonly random: SeededRandom;
  faultCount: number;
}

/** FNV-1a over the site's name, begun with the seed. */
function mix(seed: number, site: string): number {
  let hash = (seed ^ 0x811c9dc5) >>> 0;
  for (let index = 0; index < site.length; index += 1) {
    hash = Math.imul(hash ^ site.charCodeAt(index), 0x01000193) >>> 0;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0;
  return (hash ^ (hash >>> 13)) >>> 0;
}
