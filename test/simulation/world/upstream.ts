import { asPartition } from "@millrace/engine";
import type { Cluster } from "./brokers/cluster.ts";
import { digest } from "./digest.ts";
import type { EventQueue } from "./event-queue.ts";
import type { HistoryBook } from "./history-book.ts";
import type { EventPlan } from "./plan/plan.ts";
import type { CallPlace } from "./targets/target-api.ts";

const SOURCE = "urn:simulation";

/** What an upstream works with. */
export interface UpstreamPorts {
  readonly queue: EventQueue;
  readonly book: HistoryBook;
  readonly cluster: Cluster;
}

/** The service whose events are delivered, and where each of them stands in the log. */
export class Upstream {
  readonly #ports: UpstreamPorts;
  readonly #events = new Map<string, EventPlan>();
  /** The next sequence number of each key. */
  readonly #ends = new Map<string, number>();

  constructor(ports: UpstreamPorts) {
    this.#ports = ports;
  }

  /** Writes an event to the log. */
  emit(event: EventPlan): void {
    const { queue, book, cluster } = this.#ports;
    const { id, topic, partition, key, gapCount } = event;
    const log = cluster.log({ topic, partition: asPartition(partition) });
    const value = Buffer.from(`value of ${id}`);
    const sha = digest(value);
    const line = { h: "emit", producer: "upstream", id, source: SOURCE, topic, key, sha } as const;
    const lane = `${topic}/${key ?? ""}`;
    const sequence = this.#ends.get(lane) ?? 0;
    this.#ends.set(lane, sequence + 1);
    book.write({ ...line, at: queue.now, ev: "invoke", sequence });
    if (gapCount > 0) log.hide(gapCount);
    this.#events.set(`${topic}/${partition}/${log.endOffset}`, event);
    const offset = cluster.append(log.place, {
      key: key === null ? null : Buffer.from(key, "latin1"),
      value,
      headers: { ce_id: Buffer.from(id), ce_source: Buffer.from(SOURCE) },
    });
    book.write({ ...line, at: queue.now, ev: "ok", sequence, partition, offset });
  }

  /** The event in a place. @throws Error where nothing was emitted. */
  eventAt({ topic, partition, offset }: CallPlace): EventPlan {
    const event = this.#events.get(`${topic}/${partition}/${offset}`);
    if (event === undefined)
      throw new Error(`nothing was emitted at ${topic}/${partition}/${offset}`);
    return event;
  }
}
