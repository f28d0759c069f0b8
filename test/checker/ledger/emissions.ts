import { digest, fingerprint } from "../fingerprint.ts";
import type { EmitLine } from "../history.ts";
import { NONE } from "./rows.ts";

/** An event by its identity, as its emitter and the log tell of it. */
export class Emission {
  /** Interned (producer, topic, key): one ascending sequence; NONE for a null key, which has no order. */
  thread = NONE;
  sequence = NONE;
  sha = NONE;
  topic = "";
  /** 0 for one that only the log knows. */
  invokeCount = 0;
  endCount = 0;
  isOk = false;
  /** Whether any invocation ended otherwise than in a certain failure. */
  mayStand = false;
  /** Where it was acknowledged. */
  partition = NONE;
  offset = NONE;
  /** Log records of it, and the first one. */
  foundCount = 0;
  foundPartition = NONE;
  foundOffset = NONE;

  /** A record of it was read. */
  find(partition: number, offset: number): void {
    this.foundCount += 1;
    const isFirst = this.foundCount === 1;
    if (!isFirst && (partition !== this.foundPartition || offset > this.foundOffset)) return;
    this.foundPartition = partition;
    this.foundOffset = offset;
  }
}

/** All events, by the fingerprint of their identity. */
export class Emissions {
  readonly #all = new Map<number, Emission>();
  readonly #threads = new Map<string, Map<string, number>>();
  #threadCount = 0;

  /** Those that were emitted, and those that only the log knows. */
  get all(): Iterable<Emission> {
    return this.#all.values();
  }

  /** The event of an identity, a new one at first sight. */
  of(source: string | null, id: string): Emission {
    const print = fingerprint(`${source ?? ""}\0${id}`);
    const known = this.#all.get(print);
    if (known !== undefined) return known;
    const emission = new Emission();
    this.#all.set(print, emission);
    return emission;
  }

  /** Takes in a line; returns what is wrong with it. */
  add(line: EmitLine): string | null {
    const emission = this.of(line.source, line.id);
    if (line.ev === "invoke") return this.#invoke(emission, line);
    if (emission.endCount === emission.invokeCount) {
      return `the emit of ${line.id} ends, but was not invoked`;
    }
    emission.endCount += 1;
    if (line.ev !== "fail") emission.mayStand = true;
    if (line.ev !== "ok") return null;
    emission.isOk = true;
    emission.partition = line.partition ?? NONE;
    emission.offset = line.offset ?? NONE;
    return null;
  }

  #invoke(emission: Emission, line: EmitLine): string | null {
    const sha = digest(line.sha);
    emission.invokeCount += 1;
    if (emission.invokeCount > 1) {
      return emission.sha === sha ? null : `${line.id} is emitted with two values`;
    }
    emission.thread = this.#threadOf(line);
    emission.sequence = line.sequence;
    emission.sha = sha;
    emission.topic = line.topic;
    return null;
  }

  #threadOf({ producer, topic, key }: EmitLine): number {
    if (key === null) return NONE;
    const name = `${producer}\0${topic}`;
    let threads = this.#threads.get(name);
    if (threads === undefined) this.#threads.set(name, (threads = new Map<string, number>()));
    const known = threads.get(key);
    if (known !== undefined) return known;
    threads.set(key, this.#threadCount);
    this.#threadCount += 1;
    return this.#threadCount - 1;
  }
}
