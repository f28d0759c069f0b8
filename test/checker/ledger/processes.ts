/** Processes: when they lived, and which epochs they held. */
import { numberOf } from "./names.ts";
import { type Channel, type Epoch, NEVER, NONE, type Operation, type Stamp } from "./rows.ts";

/** A process from its start to its end. */
export interface Life {
  readonly process: number;
  readonly name: string;
  readonly startOrder: number;
  terminateAt: number;
  endAt: number;
  endOrder: number;
  end: "open" | "exit" | "kill";
  /** What `exit` said. */
  exit: string | null;
  /** `at` of stop and continue in turn. */
  readonly stops: number[];
}

/** A claim in the state topic. */
export interface Claim extends Stamp {
  readonly number: number;
  readonly process: number;
  readonly generation: number;
}

/** All processes of a run. */
export class Processes {
  readonly lives: Life[] = [];
  readonly claims = new Map<Channel, Claim[]>();
  readonly #ids = new Map<string, number>();
  readonly #running = new Map<string, Life>();

  idOf(name: string): number {
    return numberOf(this.#ids, name);
  }

  nameOf(id: number): string {
    return [...this.#ids.keys()][id] ?? "unknown";
  }

  /** Keeps a claim; epochs are made of them where nobody wrote `assigned`. */
  claim(channel: Channel, claim: Claim): void {
    const claims = this.claims.get(channel);
    if (claims === undefined) this.claims.set(channel, [claim]);
    else claims.push(claim);
  }

  /** Makes epochs of claims; one ends with its process, or when the next begins. */
  beginClaimed(channel: Channel, claims: readonly Claim[]): void {
    for (const claim of claims) {
      const last = channel.epochs.at(-1);
      const life = this.lives.find(({ process, startOrder, endOrder }) => {
        return (
          process === last?.process && startOrder < last.startOrder && last.startOrder < endOrder
        );
      });
      if (last !== undefined && life !== undefined && life.endOrder < claim.order) {
        const isClean = life.end === "exit" && life.terminateAt !== NONE;
        const { endAt: at, endOrder: order } = life;
        endEpoch(channel, last.process, { at, order, end: isClean ? "revoked" : "lost" });
      }
      beginEpoch(channel, claim);
    }
  }

  /** Takes in an operation on these channels; returns what is wrong with it. */
  operate(operation: Operation, channels: readonly Channel[]): string | null {
    const { f, who } = operation.line;
    switch (f) {
      case "assigned":
        return this.#assign(operation, channels);
      case "revoked":
      case "fenced":
        for (const channel of channels) endEpoch(channel, this.idOf(who), { ...operation, end: f });
        return null;
      case "start":
        return this.#start(operation);
      case "kill":
      case "crash":
      case "exit":
        return this.#stop(operation, channels);
      case "terminate":
      case "stop":
      case "continue":
        return this.#signal(operation);
      default:
        return null;
    }
  }

  #assign({ line, at, order }: Operation, channels: readonly Channel[]): string | null {
    if (line.epoch === undefined || channels.length !== 1) return `${line.who} is assigned nothing`;
    const [channel] = channels;
    if (channel !== undefined) {
      const process = this.idOf(line.who);
      const generation = line.generation ?? NONE;
      beginEpoch(channel, { number: line.epoch, process, generation, at, order });
    }
    return null;
  }

  #start({ line: { who }, order }: Operation): string | null {
    if (this.#running.has(who)) return `${who} starts while it runs`;
    const life: Life = {
      ...{ process: this.idOf(who), name: who, startOrder: order },
      ...{ terminateAt: NONE, endAt: NEVER, endOrder: NEVER, end: "open", exit: null, stops: [] },
    };
    this.#running.set(who, life);
    this.lives.push(life);
    return null;
  }

  #stop({ line, at, order }: Operation, channels: readonly Channel[]): string | null {
    const life = this.#running.get(line.who);
    for (const channel of channels) {
      endEpoch(channel, this.idOf(line.who), { at, order, end: "lost" });
    }
    if (life === undefined) return this.#endAgain(line);
    this.#running.delete(line.who);
    life.endAt = at;
    life.endOrder = order;
    life.end = line.f === "exit" ? "exit" : "kill";
    life.exit = line.f === "exit" ? (line.detail ?? "") : null;
    return null;
  }

  /** A killed process is also seen to exit. */
  #endAgain({ who, f }: Operation["line"]): string | null {
    const last = this.lives.findLast(({ name }) => name === who);
    const isKnown = f === "exit" && last?.end === "kill" && last.exit === null;
    if (!isKnown) return `${who} ends (${f}), but does not run`;
    last.exit = "killed";
    return null;
  }

  #signal({ line: { f, who }, at }: Operation): string | null {
    const life = this.#running.get(who);
    if (life === undefined) return `${who} gets ${f}, but does not run`;
    if (f === "terminate") {
      life.terminateAt = at;
      return null;
    }
    const isStopped = life.stops.length % 2 === 1;
    if (isStopped === (f === "stop")) return `${who} gets ${f} twice`;
    life.stops.push(at);
    return null;
  }
}

/** Begins an epoch; whoever held the channel has lost it, unless it is of a later generation. */
export function beginEpoch(channel: Channel, claim: Claim): void {
  const last = channel.epochs.at(-1);
  if (last !== undefined && claim.generation < last.generation) {
    channel.lateEpochs.add(claim.number);
    return;
  }
  if (last?.end === "open") close(last, { ...claim, end: "lost" });
  channel.epochs.push({
    ...{ number: claim.number, process: claim.process, generation: claim.generation },
    ...{ startAt: claim.at, startOrder: claim.order },
    ...{ endOrder: NEVER, endAt: NEVER, end: "open" },
  });
}

/** Ends the epoch that a process holds of a channel, if it holds one. */
export function endEpoch(
  channel: Channel,
  process: number,
  ending: Stamp & Pick<Epoch, "end">,
): void {
  const last = channel.epochs.at(-1);
  if (last?.end === "open" && last.process === process) close(last, ending);
}

function close(epoch: Epoch, { at, order, end }: Stamp & Pick<Epoch, "end">): void {
  epoch.endAt = at;
  epoch.endOrder = order;
  epoch.end = end;
}
