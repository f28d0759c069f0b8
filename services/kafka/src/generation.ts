import type { TopicPartition } from "@millrace/engine";
import type { Joined } from "./membership.ts";

/** How a generation ends: everyone joins again, membership is lost, or we go. */
export type End = "rebalance" | "lost" | "stop";

/** One generation of a member, from its join to whatever ends it first. */
export class Generation {
  readonly memberId: string;
  readonly generation: number;
  readonly isLeader: boolean;
  readonly partitions: readonly TopicPartition[];
  readonly ended: Promise<End>;
  readonly #owned: ReadonlySet<string>;
  readonly #over = new AbortController();
  readonly #resolve: (how: End) => void;
  #isLost = false;

  constructor({ memberId, generation, isLeader, partitions }: Joined) {
    this.memberId = memberId;
    this.generation = generation;
    this.isLeader = isLeader;
    this.partitions = partitions;
    this.#owned = new Set(partitions.map(nameOf));
    const { promise, resolve } = Promise.withResolvers<End>();
    this.ended = promise;
    this.#resolve = resolve;
  }

  /** Aborts when it ends, however. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** True from the moment membership was lost, also when something else had ended it before. */
  get isLost(): boolean {
    return this.#isLost;
  }

  owns(partition: TopicPartition): boolean {
    return this.#owned.has(nameOf(partition));
  }

  /** Ends it; the first end counts, but for a loss, which is noted always. */
  end(how: End): void {
    if (how === "lost") this.#isLost = true;
    this.#resolve(how);
    this.#over.abort();
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
