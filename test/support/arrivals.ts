/** What a demo API's own log says: arrivals in the order they came, each with how it ended. */
import { readFileSync } from "node:fs";
import type { ArrivalLogLine } from "@millrace/demo";

/** One call as the API saw it. */
export interface Arrival {
  readonly seq: number;
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly idempotencyKey: string | null;
  readonly position: string | null;
  readonly traceparent: string | null;
  readonly key: string | null;
  readonly body: string;
  /** What was answered; null when nothing was. */
  readonly status: number | null;
  /** Epoch ms of the answer; null when none left. */
  readonly answeredAt: number | null;
  /** What it changed, whether or not an answer left; null while that is open. */
  readonly effect: "applied" | "repeated" | "none" | null;
}

/** Reads an API's log, which may be in the midst of being written: its last line counts once it has ended. */
export function readArrivals(logPath: string): Arrival[] {
  const arrivals = new Map<number, Arrival>();
  for (const text of readFileSync(logPath, "utf8").split("\n").slice(0, -1)) {
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the API's own format
    const line = JSON.parse(text) as ArrivalLogLine;
    if (line.t === "arrived")
      arrivals.set(line.seq, { ...line, status: null, answeredAt: null, effect: null });
    const arrival = line.t === "ended" ? arrivals.get(line.seq) : undefined;
    if (line.t !== "ended" || arrival === undefined) continue;
    const answer =
      line.end === "answered" ? { status: line.status, answeredAt: line.at } : undefined;
    arrivals.set(line.seq, { ...arrival, ...answer, effect: line.effect });
  }
  return [...arrivals.values()];
}

/** Arrivals by Idempotency-Key, each in the order they came. */
export function byDelivery(arrivals: readonly Arrival[]): Map<string, Arrival[]> {
  return Map.groupBy(arrivals, ({ idempotencyKey }) => idempotencyKey ?? "none");
}

/** Where an arrival's event lies in the log. */
export function positionOf({ position }: Arrival): {
  readonly partition: number;
  readonly offset: number;
} {
  const [, partition = "", offset = ""] = /\/(\d+)\/(\d+)$/u.exec(position ?? "") ?? [];
  return { partition: Number(partition), offset: Number(offset) };
}

/** Keys whose first arrivals did not come in the order of the log (S8); empty when all did. */
export function disorderedKeys(arrivals: readonly Arrival[]): string[] {
  const highest = new Map<string, number>();
  const seen = new Set<string>();
  const disordered = new Set<string>();
  for (const arrival of arrivals) {
    const { idempotencyKey, key } = arrival;
    if (key === null || idempotencyKey === null || seen.has(idempotencyKey)) continue;
    seen.add(idempotencyKey);
    const { partition, offset } = positionOf(arrival);
    const lane = `${partition}/${key}`;
    if (offset < (highest.get(lane) ?? -1)) disordered.add(key);
    highest.set(lane, Math.max(offset, highest.get(lane) ?? -1));
  }
  return [...disordered];
}

/** Arrivals that repeat one which had been answered 2xx. */
export function repeatsOfAnswered(arrivals: readonly Arrival[]): Arrival[] {
  return [...byDelivery(arrivals).values()].flatMap((same) =>
    same.filter((_, index) => {
      const status = same[index - 1]?.status ?? null;
      return status !== null && status >= 200 && status < 300;
    }),
  );
}

/** Deliveries whose arrivals differ in method, path or body (S11); empty when none does. */
export function changedDeliveries(arrivals: readonly Arrival[]): string[] {
  return [...byDelivery(arrivals)].flatMap(([delivery, same]) => {
    const forms = new Set(same.map(({ method, path, body }) => `${method} ${path} ${body}`));
    return forms.size > 1 ? [delivery] : [];
  });
}
