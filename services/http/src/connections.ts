import { assert, type Clock } from "@millrace/engine";
import { Client } from "undici";

/** Of whom connections are. */
export interface ConnectionsOwner {
  readonly clock: Clock;
  /** Some can be taken again. */
  readonly onFree: () => void;
}

/**
 * The connections of a target, each with one exchange at a time. What becomes of a connection after an answer is seen before it is
 * used again: it rests until the turn of the event loop is over, and undici waits for another look at its socket before it
 * writes. So a server that closes it, or says more than it was asked, costs no request.
 */
export class Connections {
  readonly #origin: string;
  readonly #countMax: number;
  readonly #options: Client.Options;
  readonly #owner: ConnectionsOwner;
  readonly #all: Client[] = [];
  readonly #free: Client[] = [];
  readonly #resting: Client[] = [];
  readonly #broken: Client[] = [];

  /** @param options of each; connections are opened when the first exchange needs them, and again when they are gone. */
  constructor(
    { origin, countMax }: { readonly origin: string; readonly countMax: number },
    options: Client.Options,
    owner: ConnectionsOwner,
  ) {
    this.#origin = origin;
    this.#countMax = countMax;
    this.#options = options;
    this.#owner = owner;
  }

  /** Whether one can be taken; none is opened while others rest. */
  get hasFree(): boolean {
    return this.#free.length > 0 || (!this.#isResting && this.#all.length < this.#countMax);
  }

  /** Takes the one that was used last, so that those that are not needed are idle for long and close. There has to be one. */
  take(): Client {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    assert(this.hasFree, "A2: an exchange without a connection");
    const client = new Client(this.#origin, this.#options);
    this.#all.push(client);
    return client;
  }

  /**
   * Takes one back whose exchange has ended.
   * @param isBroken it has to be opened anew: it is the last to be taken, while others stand.
   */
  letGo(client: Client, isBroken: boolean): void {
    if (!this.#isResting) this.#owner.clock.schedule(0, () => this.#rested());
    (isBroken ? this.#broken : this.#resting).push(client);
  }

  /** Ends all of them, with the exchanges that are open. */
  async destroy(): Promise<void> {
    await Promise.all(this.#all.map((client) => client.destroy()));
  }

  get #isResting(): boolean {
    return this.#resting.length > 0 || this.#broken.length > 0;
  }

  #rested(): void {
    this.#free.unshift(...this.#broken.splice(0));
    this.#free.push(...this.#resting.splice(0));
    this.#owner.onFree();
  }
}
