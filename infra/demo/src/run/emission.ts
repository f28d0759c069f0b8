import { closeSync, openSync, writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { NewEvent } from "../scene/scene.ts";
import type { AcknowledgedEvent } from "../verdict/records.ts";

/** Events in one request; every few requests carry a single one, the other form of the gateway's body. */
const BATCH_SIZE = 16;
const SINGLE_EVERY = 5;
const TRIES_MAX = 100;
const RETRY_MS = 200;

/** Where events are sent and how fast. */
export interface EmissionOptions {
  /** Origin of the gateway. */
  readonly gatewayUrl: string;
  /** Every acknowledged event is appended here, NDJSON of `AcknowledgedEvent`. */
  readonly recordPath: string;
  /** Events a second. */
  readonly rate: number;
  readonly signal: AbortSignal;
  readonly onAcknowledged: (count: number) => void;
  /** Waits until the events from this index on may be sent. */
  readonly gate: (index: number) => Promise<void>;
}

interface Position {
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

/**
 * Sends events one request after the other, so that those of a key keep their order, and records each that was
 * acknowledged. A refused request is sent again with the same ids.
 * @throws Error when the gateway refuses for good.
 */
export async function emitEvents(
  events: readonly NewEvent[],
  options: EmissionOptions,
): Promise<void> {
  const record = openSync(options.recordPath, "a");
  const startedAt = Date.now();
  try {
    for (let sent = 0, request = 0; sent < events.length; request += 1) {
      options.signal.throwIfAborted();
      await options.gate(sent);
      const size = request % SINGLE_EVERY === 0 ? 1 : BATCH_SIZE;
      const batch = events.slice(sent, sent + size);
      const acknowledged = await sendUntilTaken(batch, sent, options);
      writeSync(record, acknowledged.map((event) => `${JSON.stringify(event)}\n`).join(""));
      sent += batch.length;
      options.onAcknowledged(acknowledged.length);
      await pause(Math.max(0, startedAt + (sent * 1_000) / options.rate - Date.now()));
    }
  } finally {
    closeSync(record);
  }
}

async function sendUntilTaken(
  batch: readonly NewEvent[],
  sentBefore: number,
  { gatewayUrl, signal }: EmissionOptions,
): Promise<AcknowledgedEvent[]> {
  for (let tries = 1; ; tries += 1) {
    signal.throwIfAborted();
    const positions = await send(gatewayUrl, batch);
    if (positions === "refused") {
      if (tries === TRIES_MAX) throw new Error(`gateway: no answer of 202 in ${tries} tries`);
      await pause(RETRY_MS);
      continue;
    }
    const at = Date.now();
    return batch.map((event, index) => {
      const position = positions[index];
      if (position?.id !== event.id)
        throw new Error(`gateway: acknowledged ${String(position?.id)} for ${event.id}`);
      const { topic, partition, offset } = position;
      const seq = sentBefore + index + 1;
      return { seq, ...event, topic, partition, offset: Number(offset), tries, at };
    });
  }
}

async function send(
  gatewayUrl: string,
  batch: readonly NewEvent[],
): Promise<readonly Position[] | "refused"> {
  const bodies = batch.map(({ id, source, type, data }) => ({ id, source, type, data }));
  const body = JSON.stringify(bodies.length === 1 ? bodies[0] : { events: bodies });
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${gatewayUrl}/v1/events`, { method: "POST", headers, body }).catch(
    () => null,
  );
  if (response === null || response.status === 503 || response.status === 429) return "refused";
  const text = await response.text();
  if (response.status !== 202) throw new Error(`gateway answered ${response.status}: ${text}`);
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the gateway's contract; ids are checked above
  return (JSON.parse(text) as { accepted: readonly Position[] }).accepted;
}
