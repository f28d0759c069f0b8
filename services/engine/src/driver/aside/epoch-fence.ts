/**
 * Whether what this process wrote to the state topic holds (I31): a claim that a dead or frozen process sent long ago may
 * have reached the log after ours and before the entry, and then the entry holds for nobody. Such a claim is of an
 * earlier generation; the partition is claimed anew then, and the entry has to be written under the new epoch. A claim
 * of a later generation means that the partition is another's; so does any claim where this process has let it go. One of
 * this process may stand between too: its acknowledgement was lost.
 */
import type { Epoch, Offset, TargetId, TopicPartition } from "../../core/lanes/identity.ts";
import { MillraceError } from "../../errors.ts";
import type { DriverOptions, DriverPorts } from "../options.ts";
import type { ClaimWriter } from "./claim-writer.ts";
import { readClaim } from "./state-keys.ts";

/** A partition as its owner took it. */
export type OwnPartition = TopicPartition & { readonly epoch: Epoch; readonly isOwned: boolean };

/** Where an entry of an epoch stands. */
export interface Written {
  readonly epoch: Epoch;
  readonly at: Offset;
}

/** What a fence works with. */
export interface EpochFencePorts {
  readonly stateLog: DriverPorts["stateLog"];
  readonly claims: ClaimWriter;
  /** Whether membership is proven at this moment. */
  readonly isProven: () => boolean;
  /** A partition was claimed anew. */
  readonly onRenewed: (partition: TopicPartition) => void;
}

/** See the head of this file. */
export class EpochFence {
  readonly #target: TargetId;
  readonly #processId: string;
  readonly #ports: EpochFencePorts;
  /** Epochs of partitions that were claimed anew. */
  readonly #renewed = new WeakMap<OwnPartition, Epoch>();
  /** Claims under way: entries that find an old claim at once have one for all of them. */
  readonly #renewals = new WeakMap<OwnPartition, Promise<void>>();

  constructor(
    { target, processId }: Pick<DriverOptions, "processId" | "target">,
    ports: EpochFencePorts,
  ) {
    this.#target = target;
    this.#processId = processId;
    this.#ports = ports;
  }

  /** The epoch to write under. */
  epochOf(partition: OwnPartition): Epoch {
    return this.#renewed.get(partition) ?? partition.epoch;
  }

  /**
   * Whether an entry holds; where it does not, the partition is claimed anew first.
   * @throws MillraceError of the state log, may be repeated; `CLAIM_LOST`.
   */
  async holds(partition: OwnPartition, { epoch, at }: Written): Promise<boolean> {
    const { stateLog, isProven } = this.#ports;
    await stateLog.readTo(at);
    const { topic, partition: id } = partition;
    const between = stateLog
      .list(`claim/${this.#target}/${topic}/${id}/`)
      .filter(([, { offset }]) => epoch < offset && offset < at);
    if (between.length === 0) return true;
    // Claimed anew already, for another entry.
    if (this.epochOf(partition) > epoch) return false;
    const isLost = between.some(([, { value }]) => this.#isAnothers(value));
    if (isLost || !partition.isOwned || !isProven()) {
      throw new MillraceError("CLAIM_LOST", `partition is claimed by another: ${topic}/${id}`);
    }
    await this.#renewOnce(partition);
    return false;
  }

  #isAnothers(value: unknown): boolean {
    const claim = readClaim(value);
    if (claim === null) return true;
    const isLate = claim.generation < this.#ports.claims.generation;
    return claim.process !== this.#processId && !isLate;
  }

  #renewOnce(partition: OwnPartition): Promise<void> {
    const underWay = this.#renewals.get(partition);
    if (underWay !== undefined) return underWay;
    const renewal = this.#renew(partition).finally(() => this.#renewals.delete(partition));
    this.#renewals.set(partition, renewal);
    return renewal;
  }

  async #renew(partition: OwnPartition): Promise<void> {
    const { claims, onRenewed } = this.#ports;
    const [renewed] = await claims.claim([partition]);
    if (renewed !== undefined) this.#renewed.set(partition, renewed);
    onRenewed(partition);
  }
}
