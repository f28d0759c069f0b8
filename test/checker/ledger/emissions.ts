import { digest } from "../fingerprint.ts";
import type { EmitLine } from "../history.ts";
import { numberOf } from "./names.ts";
import { NONE } from "./rows.ts";

/** An event as its emitter tells of it. */
export interface Emission {
  readonly identity: number;
  /** Interned (producer, topic, key): one ascending sequence; NONE for a null key, which has no order. */
  readonly thread: number;
  readonly sequence: number;
  readonly sha: number;
  readonly topic: string;
  invokeCount: number;
  endCount: number;
  isOk: boolean;
  /** Only where every invocation failed for certain. */
  isFailed: boolean;
  partition: number;
  offset: number;
  /** Log records of it, and the first one. */
  foundCount: number;
  foundPartition: number;
  foundOffset: number;
}

/** All events that were emitted, by the fingerprint of their identity. */
export class Emissions {
  readonly all = new Map<number, Emission>();
  readonly #threads = new Map<string, number>();

  /** Takes in a line; returns what is wrong with it. */
  add(line: EmitLine, identity: number): string | null {
    const known = this.all.get(identity);
    if (line.ev === "invoke") {
      if (known === undefined) this.all.set(identity, this.#create(line, identity));
      else known.invokeCount += 1;
      return known !== undefined && known.sha !== digest(line.sha)
        ? `${line.id} is emitted with two values`
        : null;
    }
    if (known === undefined || known.endCount === known.invokeCount) {
      return `the emit of ${line.id} ends, but was not invoked`;
    }
    known.endCount += 1;
    if (line.ev !== "fail") known.isFailed = false;
    if (line.ev !== "ok") return null;
    known.isOk = true;
    known.partition = line.partition ?? NONE;
    known.offset = line.offset ?? NONE;
    return null;
  }

  #create(line: EmitLine, identity: number): Emission {
    const { producer, topic, key, sequence } = line;
    const thread = key === null ? NONE : numberOf(this.#threads, `${producer}\0${topic}\0${key}`);
    return {
      ...{ identity, thread, sequence, topic, sha: digest(line.sha) },
      ...{ invokeCount: 1, endCount: 0, isOk: false, isFailed: true },
      ...{ partition: NONE, offset: NONE },
      ...{ foundCount: 0, foundPartition: NONE, foundOffset: NONE },
    };
  }
}
