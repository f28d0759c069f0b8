import type { ArrivalLogLine } from "../api/arrival-log.ts";

/** The ways to break one event in an API's log. */
export const SABOTAGES = ["lose", "reorder", "repeat", "wrong-body"] as const;

/** A way to break one event. */
export type Sabotage = (typeof SABOTAGES)[number];

/** A broken log, and the idempotency key of the event that is broken in it. */
export interface SabotagedLog {
  readonly lines: readonly ArrivalLogLine[];
  readonly idempotencyKey: string;
}

type ArrivedLine = Extract<ArrivalLogLine, { t: "arrived" }>;

/**
 * Breaks one event of a log, as a faulty pipeline would have: never arrived (`lose`), arrived after its successor
 * (`reorder`), came again after it was answered 2xx (`repeat`), came with another body (`wrong-body`). Pure.
 * @throws RangeError when the log holds no event to break so.
 */
export function sabotage(kind: Sabotage, lines: readonly ArrivalLogLine[]): SabotagedLog {
  switch (kind) {
    case "lose": {
      const { idempotencyKey } = middle(arrivedOnce(lines));
      const lost = new Set(
        arrivals(lines)
          .filter(sameKey(idempotencyKey))
          .map(({ seq }) => seq),
      );
      const kept = lines.filter((line) => !("seq" in line && lost.has(line.seq)));
      return { lines: kept, idempotencyKey };
    }
    case "reorder":
      return swapNeighbours(lines);
    case "repeat":
      return repeatAtEnd(lines);
    case "wrong-body": {
      const victim = middle(arrivedOnce(lines));
      const body = JSON.stringify({ ...parseBody(victim), tampered: true });
      const changed = lines.map((line) => (line === victim ? { ...victim, body } : line));
      return { lines: changed, idempotencyKey: victim.idempotencyKey };
    }
  }
}

type Keyed = ArrivedLine & { readonly idempotencyKey: string };

function arrivals(lines: readonly ArrivalLogLine[]): Keyed[] {
  return lines.filter(
    (line): line is Keyed => line.t === "arrived" && line.idempotencyKey !== null,
  );
}

const sameKey =
  (idempotencyKey: string) =>
  (line: Keyed): boolean =>
    line.idempotencyKey === idempotencyKey;

/** Arrivals of events that came exactly once, redrives under another key too, and were answered 2xx. */
function arrivedOnce(lines: readonly ArrivalLogLine[]): Keyed[] {
  const keys = new Map<string, number>();
  const places = new Map<string | null, number>();
  for (const { idempotencyKey, position } of arrivals(lines)) {
    keys.set(idempotencyKey, (keys.get(idempotencyKey) ?? 0) + 1);
    places.set(position, (places.get(position) ?? 0) + 1);
  }
  const answered = new Set(
    lines.flatMap((line) =>
      line.t === "ended" && line.end === "answered" && line.status === 200 ? [line.seq] : [],
    ),
  );
  return arrivals(lines).filter(
    ({ idempotencyKey, position, seq }) =>
      keys.get(idempotencyKey) === 1 && places.get(position) === 1 && answered.has(seq),
  );
}

function middle<Item>(items: readonly Item[]): Item {
  const item = items[Math.floor(items.length / 2)];
  if (item === undefined) throw new RangeError("sabotage: the log holds no event to break");
  return item;
}

/** Two neighbours of one lane change places; the later one is named, because it came too early. */
function swapNeighbours(lines: readonly ArrivalLogLine[]): SabotagedLog {
  const last = new Map<string, Keyed>();
  const pairs: (readonly [Keyed, Keyed])[] = [];
  for (const arrival of arrivedOnce(lines)) {
    if (arrival.key === null) continue;
    const lane = `${partitionOf(arrival)} ${arrival.key}`;
    const before = last.get(lane);
    if (before !== undefined) pairs.push([before, arrival]);
    last.set(lane, arrival);
  }
  const [first, second] = middle(pairs);
  const swapped = lines.map((line): ArrivalLogLine => {
    if (line === first) return { ...second, seq: first.seq, at: first.at };
    if (line === second) return { ...first, seq: second.seq, at: second.at };
    return line;
  });
  return { lines: swapped, idempotencyKey: second.idempotencyKey };
}

function partitionOf({ position }: ArrivedLine): string {
  return position === null ? "" : position.slice(0, position.lastIndexOf("/"));
}

/** The event that was answered last comes again: no kill can explain that. */
function repeatAtEnd(lines: readonly ArrivalLogLine[]): SabotagedLog {
  const victim = middle(arrivedOnce(lines).slice(-1));
  const all = arrivals(lines);
  const seq = 1 + all.reduce((highest, arrival) => Math.max(highest, arrival.seq), 0);
  const at = 1 + all.reduce((latest, arrival) => Math.max(latest, arrival.at), 0);
  const added: ArrivalLogLine[] = [
    { ...victim, seq, at },
    { t: "ended", seq, at, status: 200, end: "answered", effect: "repeated" },
  ];
  return { lines: [...lines, ...added], idempotencyKey: victim.idempotencyKey };
}

function parseBody({ body }: ArrivedLine): object {
  const parsed: unknown = JSON.parse(body);
  return typeof parsed === "object" && parsed !== null ? parsed : {};
}
