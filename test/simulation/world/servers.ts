/** What befalls brokers and registry, and what people and retention do to what brokers keep. */
import { asOffset, asPartition, asTopic, type SourceRecord } from "@millrace/engine";
import type { Cluster } from "./brokers/cluster.ts";
import type { Group } from "./brokers/group.ts";
import type { EventQueue } from "./event-queue.ts";
import type { OperationPlan } from "./plan/plan.ts";
import type { Registry } from "./processes/preparer.ts";
import type { Words } from "./words.ts";

/** What is operated on. */
export interface ServersPorts {
  readonly queue: EventQueue;
  readonly cluster: Cluster;
  readonly registry: Registry;
  readonly words: Words;
}

/** See the head of this file. */
export class Servers {
  readonly #ports: ServersPorts;
  readonly #deleted: SourceRecord[] = [];

  constructor(ports: ServersPorts) {
    this.#ports = ports;
  }

  /** What retention took: its reader was there before. */
  get deleted(): readonly SourceRecord[] {
    return this.#deleted;
  }

  /** All of it is well again. */
  heal(): void {
    this.#ports.cluster.isHealed = true;
    this.#startBrokers();
    this.#takeWrites();
    this.#startRegistry();
  }

  stopBrokers(forMs: number): void {
    const { cluster, queue, words } = this.#ports;
    if (!cluster.isUp) return;
    words.note("broker-kill", "broker");
    words.strike("broker-outage");
    cluster.stop();
    queue.after(forMs, () => this.#startBrokers());
  }

  refuseWrites(forMs: number): void {
    const { cluster, queue, words } = this.#ports;
    if (cluster.refusesWrites) return;
    words.note("disk-full", "broker");
    words.strike("writes-refused");
    cluster.refusesWrites = true;
    queue.after(forMs, () => this.#takeWrites());
  }

  stopRegistry(forMs: number): void {
    const { registry, queue, words } = this.#ports;
    if (!registry.isUp) return;
    words.note("registry-down", "registry");
    words.strike("registry-outage");
    registry.isUp = false;
    queue.after(forMs, () => this.#startRegistry());
  }

  /** Someone else's tool writes over what a commit says besides its offset. */
  corrupt(
    group: Group,
    { target, pick, metadata }: Extract<OperationPlan, { kind: "foreign-metadata" }>,
  ): void {
    const { words } = this.#ports;
    const committed = [...group.offsets];
    const chosen = committed[pick % Math.max(1, committed.length)];
    if (chosen === undefined) return;
    const [name, { offset }] = chosen;
    const [topic = "", partition = ""] = name.split("/");
    const place = { topic: asTopic(topic), partition: asPartition(Number(partition)) };
    group.write([{ ...place, offset: asOffset(offset), metadata }]);
    words.note("metadata-corrupted", "operator", { target, topic, partition: place.partition });
    words.strike("foreign-metadata");
  }

  /** What a group has committed for a partition is gone. */
  forgetOffset(
    group: Group,
    { target, pick }: Extract<OperationPlan, { kind: "offset-gone" }>,
  ): void {
    const names = [...group.offsets.keys()];
    const name = names[pick % Math.max(1, names.length)];
    if (name === undefined) return;
    group.offsets.delete(name);
    const [topic = "", partition = ""] = name.split("/");
    this.#ports.words.note("offset-gone", "broker", {
      target,
      topic,
      partition: Number(partition),
    });
  }

  /** The log's retention passes whoever lags behind it. */
  deleteRecords(
    groups: readonly Group[],
    { topic, pick, share }: Extract<OperationPlan, { kind: "retention" }>,
  ): void {
    const { cluster, words } = this.#ports;
    const logs = cluster.logs(topic);
    const log = logs[pick % logs.length];
    if (log === undefined) return;
    // A group that has not been there yet begins with what is there then.
    const name = `${topic}/${log.place.partition}`;
    if (groups.some(({ offsets }) => !offsets.has(name))) return;
    const before = asOffset(log.startOffset + Math.ceil(share * (log.endOffset - log.startOffset)));
    this.#deleted.push(...log.records.filter(({ offset }) => offset < before));
    log.truncate(before);
    const { partition } = log.place;
    words.note("retention", "broker", { topic, partition, detail: String(before) });
    words.strike("retention");
  }

  #startBrokers(): void {
    const { cluster, words } = this.#ports;
    if (cluster.isUp) return;
    words.note("broker-start", "broker");
    cluster.start();
  }

  #takeWrites(): void {
    const { cluster, words } = this.#ports;
    if (!cluster.refusesWrites) return;
    words.note("broker-start", "broker", { detail: "writes are taken again" });
    cluster.refusesWrites = false;
  }

  #startRegistry(): void {
    const { registry, words } = this.#ports;
    if (registry.isUp) return;
    words.note("registry-up", "registry");
    registry.isUp = true;
  }
}
