/** The lines of a history about the records that violations name: one reading more, only where something is broken. */
import type { Breach } from "./findings.ts";
import type { CommitLine, HistoryLine } from "./history.ts";
import type { Emission, Emissions } from "./ledger/emissions.ts";
import type { Delivery } from "./ledger/rows.ts";
import type { Violation } from "./verdict.ts";

/** Most lines that one violation shows. */
const LINES_MAX = 40;

/** The lines of one record at one target, and the commits that pass it. */
interface Trace {
  readonly delivery: Delivery;
  readonly lines: string[];
  /** The last commit that does not cover the offset yet, of those seen. */
  below: CommitLine | null;
  isPassed: boolean;
}

/** Collects them. */
export class Traces {
  readonly #byPlace = new Map<string, Trace[]>();
  readonly #byEvent = new Map<Emission, Trace[]>();
  readonly #emissions: Emissions;
  readonly #byDelivery = new Map<Delivery, Trace>();

  constructor(breaches: readonly Breach[], emissions: Emissions) {
    this.#emissions = emissions;
    for (const { delivery, beside } of breaches) {
      for (const one of [delivery, beside]) {
        if (one !== null && !this.#byDelivery.has(one)) this.#follow(one);
      }
    }
  }

  get isEmpty(): boolean {
    return this.#byDelivery.size === 0;
  }

  /** Takes in the next line of the history. */
  add(line: HistoryLine): void {
    if (line.h === "emit") {
      const traces = this.#byEvent.get(this.#emissions.of(line.source, line.id));
      for (const trace of traces ?? []) keep(trace, line);
      return;
    }
    if (!("topic" in line) || !("partition" in line)) return;
    const traces = this.#byPlace.get(`${line.topic}/${line.partition ?? ""}`) ?? [];
    for (const trace of traces) addTo(trace, line);
  }

  /** A breach with its lines. */
  violation({ message, delivery, beside }: Breach): Violation {
    if (delivery === null) return { message, where: null, lines: [] };
    const { channel, record } = delivery;
    const { topic, partition } = record.stream;
    const { target } = channel.target.terms;
    const lines = [...this.#linesOf(delivery)];
    if (beside !== null) lines.push(`beside ${beside.offset}:`, ...this.#linesOf(beside));
    return { message, where: { target, topic, partition, offset: record.offset }, lines };
  }

  #linesOf(delivery: Delivery): readonly string[] {
    return this.#byDelivery.get(delivery)?.lines ?? [];
  }

  #follow(delivery: Delivery): void {
    const trace: Trace = { delivery, lines: [], below: null, isPassed: false };
    const { stream, event } = delivery.record;
    this.#byDelivery.set(delivery, trace);
    push(this.#byPlace, `${stream.topic}/${stream.partition}`, trace);
    if (event !== null) push(this.#byEvent, event, trace);
  }
}

function push<K>(map: Map<K, Trace[]>, key: K, trace: Trace): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [trace]);
  else known.push(trace);
}

function addTo(trace: Trace, line: Exclude<HistoryLine, { h: "emit" }>): void {
  const { channel, record } = trace.delivery;
  const isOurs = !("target" in line) || line.target === channel.target.terms.target;
  if (!isOurs) return;
  if (line.h === "commit") return passCommit(trace, line);
  if (line.h === "ops") return keep(trace, line);
  if ("offset" in line && line.h !== "state" && line.offset === record.offset) keep(trace, line);
}

/** The last commit below the record, and the first ones that pass it. */
function passCommit(trace: Trace, line: CommitLine): void {
  if (trace.isPassed) return;
  if (line.offset <= trace.delivery.record.offset) {
    trace.below = line;
    return;
  }
  if (trace.below !== null) keep(trace, trace.below);
  trace.isPassed = line.ev !== "send";
  trace.below = null;
  keep(trace, line);
}

function keep({ lines }: Trace, line: HistoryLine): void {
  if (lines.length < LINES_MAX) lines.push(render(line));
}

function render(line: HistoryLine): string {
  const { h, ...rest } = line;
  const fields = Object.entries(rest).filter(([name]) => name !== "at" && name !== "ev");
  const at = "at" in line ? `${Math.round(line.at * 1_000) / 1_000} ` : "";
  const ev = "ev" in line ? ` ${line.ev}` : "";
  return `${at}${h}${ev} ${fields.map(([name, value]) => `${name}=${text(value)}`).join(" ")}`;
}

/** Hashes by their beginning. */
function text(value: unknown): string {
  const whole = typeof value === "string" && value !== "" ? value : JSON.stringify(value);
  return whole.replaceAll(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, "$1");
}
