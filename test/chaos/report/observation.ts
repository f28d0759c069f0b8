/** What a history shows of a run, arranged for the report: arrivals with their latency, commits, claims, operations. */
import type { HistoryLine, OperationLine, ReceiveLine } from "../../checker/history.ts";

/** A call as its target saw it. */
export interface ArrivalSeen {
  readonly target: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly at: number;
  /** Null: it has no end. */
  endAt: number | null;
  /** Null: nothing was answered. */
  status: number | null;
  retryAfterMs: number | null;
  /** Its connection broke before the caller had the answer. */
  isBroken: boolean;
  isApplied: boolean;
  /** From the log to here, of the first arrival of a delivery; null for the others. */
  readonly latencyMs: number | null;
  /** The delivery had been applied before this arrival. */
  readonly isRepeat: boolean;
  readonly process: string;
}

/** A partition taken by a process. */
export interface ClaimSeen {
  readonly at: number;
  readonly process: string;
  readonly target: string;
  readonly partition: number;
}

/** A record of a dead-letter or parked topic. */
export interface GivenUpSeen {
  readonly kind: "dlq" | "park";
  readonly at: number;
  readonly target: string;
  readonly key: string | null;
  readonly reason: string;
  /** Whether the event could be delivered, had its target taken it. */
  readonly isDeliverable: boolean;
}

/** The whole of it; lists ascend in time. */
export interface Observation {
  readonly arrivals: readonly ArrivalSeen[];
  readonly claims: readonly ClaimSeen[];
  readonly givenUps: readonly GivenUpSeen[];
  readonly operations: readonly OperationLine[];
  /** Emissions whose fate was not told at once, by time. */
  readonly unsureEmits: readonly number[];
  /** Times at which records were appended, by partition, ascending. */
  readonly appends: readonly (readonly number[])[];
  /** Times of commits. */
  readonly commits: readonly number[];
  /** When a record was appended to the log; null for one that is not there. */
  logTimeOf(partition: number, offset: number): number | null;
}

interface LogEntry {
  readonly at: number;
  readonly key: string | null;
  readonly expect: Readonly<Record<string, { readonly kind: string }>>;
}

interface DeliverySeen {
  isApplied: boolean;
}

/** Reads it out of a history, whose lines ascend in time. */
export function observe(lines: Iterable<HistoryLine>): Observation {
  const observer = new Observer();
  for (const line of lines) observer.see(line);
  return observer;
}

class Observer implements Observation {
  readonly arrivals: ArrivalSeen[] = [];
  readonly claims: ClaimSeen[] = [];
  readonly givenUps: GivenUpSeen[] = [];
  readonly operations: OperationLine[] = [];
  readonly unsureEmits: number[] = [];
  readonly appends: number[][] = [];
  readonly commits: number[] = [];
  readonly #log: LogEntry[][] = [];
  readonly #deliveries = new Map<string, DeliverySeen>();
  readonly #open = new Map<string, ArrivalSeen>();

  see(line: HistoryLine): void {
    switch (line.h) {
      case "log":
        (this.#log[line.partition] ??= [])[line.offset] = line;
        (this.appends[line.partition] ??= []).push(line.at);
        return;
      case "recv":
        if (line.ev === "arrive") this.#arrive(line);
        else this.#end(line);
        return;
      case "state":
        this.#claim(line);
        return;
      case "dlq":
      case "park": {
        const { h: kind, at, target, key, reason, partition, offset } = line;
        const expected = this.#log[partition]?.[offset]?.expect[target]?.kind;
        this.givenUps.push({
          kind,
          at,
          target,
          key,
          reason,
          isDeliverable: expected === "deliver",
        });
        return;
      }
      case "emit":
        if (line.ev === "info") this.unsureEmits.push(line.at);
        return;
      case "commit":
        this.commits.push(line.at);
        return;
      case "ops":
        this.operations.push(line);
        return;
      default:
    }
  }

  logTimeOf(partition: number, offset: number): number | null {
    return this.#log[partition]?.[offset]?.at ?? null;
  }

  #arrive({ target, arrival, partition, offset, at, process = "" }: ReceiveLine): void {
    const name = `${target}/${partition}/${offset}`;
    const known = this.#deliveries.get(name);
    const entry = this.#log[partition]?.[offset];
    if (known === undefined) this.#deliveries.set(name, { isApplied: false });
    const seen: ArrivalSeen = {
      ...{ target, partition, offset, at, process, key: entry?.key ?? null },
      ...{ endAt: null, status: null, retryAfterMs: null, isBroken: false, isApplied: false },
      latencyMs: known === undefined && entry !== undefined ? at - entry.at : null,
      isRepeat: known?.isApplied === true,
    };
    this.arrivals.push(seen);
    this.#open.set(`${target}/${arrival}`, seen);
  }

  #end({ target, arrival, partition, offset, ...line }: ReceiveLine): void {
    const seen = this.#open.get(`${target}/${arrival}`);
    if (seen === undefined) return;
    seen.endAt ??= line.at;
    if (line.ev === "broken" || line.isWhole === false) seen.isBroken = true;
    seen.status ??= line.status ?? null;
    seen.retryAfterMs ??= line.retryAfterMs ?? null;
    if (line.isApplied !== true) return;
    seen.isApplied = true;
    const delivery = this.#deliveries.get(`${target}/${partition}/${offset}`);
    if (delivery !== undefined) delivery.isApplied = true;
  }

  #claim({ key, value, at }: { key: string; value: unknown; at: number }): void {
    const [kind, target = "", , partition = ""] = key.split("/");
    if (kind !== "claim" || typeof value !== "object" || value === null) return;
    if (!("process" in value) || typeof value.process !== "string") return;
    this.claims.push({ at, process: value.process, target, partition: Number(partition) });
  }
}
