import type { ArrivalLogLine } from "../api/arrival-log.ts";

/** An event that was acknowledged to its emitter. */
export interface AcknowledgedEvent {
  /** Order of emission, from 1. */
  readonly seq: number;
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly key: string | null;
  readonly data: Readonly<Record<string, unknown>>;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** How often it was sent until it was acknowledged. */
  readonly tries: number;
  /** When it was acknowledged, epoch ms. */
  readonly at: number;
}

/** A record that stands in a topic, read by Kafka's own tool. */
export interface TopicRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: string | null;
  readonly id: string | null;
  readonly source: string | null;
  readonly type: string | null;
}

/** The scan of the run's topics: all records, and where each partition ends. */
export interface TopicScan {
  readonly records: readonly TopicRecord[];
  readonly ends: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly end: number;
  }[];
}

type ArrivedLine = Extract<ArrivalLogLine, { t: "arrived" }>;
type EndedLine = Extract<ArrivalLogLine, { t: "ended" }>;

/** One call as its API recorded it; `ended` is null when the record stops before its end. */
export interface Arrival extends ArrivedLine {
  readonly ended: EndedLine | null;
}

/** A time an API was away. */
export interface Outage {
  readonly downAt: number;
  readonly upAt: number | null;
  /** Calls cut when it went away. */
  readonly cut: number;
  /** Connections refused on record. */
  readonly refused: number;
}

/** Everything an API recorded, arrivals in order. */
export interface ApiRecord {
  readonly target: string;
  readonly arrivals: readonly Arrival[];
  readonly outages: readonly Outage[];
}

/** Puts the lines of an API's log together. */
export function readApiRecord(target: string, lines: readonly ArrivalLogLine[]): ApiRecord {
  const arrived: ArrivedLine[] = [];
  const ended = new Map<number, EndedLine>();
  const outages: { downAt: number; upAt: number | null; cut: number; refused: number }[] = [];
  for (const line of lines) {
    const outage = outages.at(-1);
    switch (line.t) {
      case "arrived":
        arrived.push(line);
        break;
      case "ended":
        ended.set(line.seq, line);
        break;
      case "down":
        outages.push({ downAt: line.at, upAt: null, cut: line.cut, refused: 0 });
        break;
      case "refused":
        if (outage !== undefined) outage.refused += 1;
        break;
      case "up":
        if (outage !== undefined) outage.upAt = line.at;
        break;
    }
  }
  const arrivals = arrived
    .map((line) => ({ ...line, ended: ended.get(line.seq) ?? null }))
    .sort((a, b) => a.seq - b.seq);
  return { target, arrivals, outages };
}

/** The lines of an NDJSON text; a last line that was cut short by a kill is left out. */
export function parseLines<Line>(text: string): Line[] {
  const lines = text.split("\n");
  lines.pop();
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- files this workspace wrote itself
  return lines.map((line) => JSON.parse(line) as Line);
}
