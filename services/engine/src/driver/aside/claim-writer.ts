import { asEpoch, asOffset, type Epoch, type TopicPartition } from "../../core/lanes/identity.ts";
import { assert } from "../../errors.ts";
import type { Assignment } from "../../ports.ts";
import type { DriverOptions, DriverPorts } from "../options.ts";
import { claimKey, type ClaimValue } from "./state-keys.ts";

/** As whom a process claims. */
export type Membership = Pick<Assignment, "memberId" | "generation">;

/** Writes a process's claims; each has a name of its own. */
export class ClaimWriter {
  readonly #options: Pick<DriverOptions, "processId" | "target">;
  readonly #ports: Pick<DriverPorts, "clock" | "stateLog">;
  #membership: Membership = { memberId: "", generation: -1 };
  #count = 0;

  constructor(
    options: Pick<DriverOptions, "processId" | "target">,
    ports: Pick<DriverPorts, "clock" | "stateLog">,
  ) {
    this.#options = options;
    this.#ports = ports;
  }

  /** The generation that this process is a member of, or was last. */
  get generation(): number {
    return this.#membership.generation;
  }

  /** A generation began. */
  join({ memberId, generation }: Membership): void {
    this.#membership = { memberId, generation };
  }

  /**
   * Claims partitions; resolves with their epochs, in order, once the claims are read back: nothing that was written
   * before them is missing from the view.
   * @throws MillraceError of the state log; may be repeated.
   */
  async claim(partitions: readonly TopicPartition[]): Promise<readonly Epoch[]> {
    if (partitions.length === 0) return [];
    const { target, processId } = this.#options;
    const { stateLog, clock } = this.#ports;
    const { memberId: member, generation } = this.#membership;
    this.#count += 1;
    const name = `${processId}-${this.#count}`;
    const at = new Date(clock.wallNow()).toISOString();
    const value: ClaimValue = { v: 1, process: processId, member, generation, at };
    const keys = partitions.map((partition) => claimKey(target, partition, name));
    const offsets = await stateLog.append(keys.map((key) => ({ key, value })));
    assert(offsets.length === keys.length, "I8: a claim was acknowledged without its offset");
    await stateLog.readTo(asOffset(Math.max(...offsets)));
    return offsets.map((offset) => asEpoch(offset));
  }
}
