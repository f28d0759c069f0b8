import {
  parseSchema,
  type DecodedEvent,
  type DecodeResult,
  type LocatedRecord,
  type SchemaNode,
} from "@millrace/schemas";
import { MASK, viewOf, type Privacy } from "./event-view.ts";

/** A record as `tail` prints it: an event, or what is no event, told as such. */
export type TailItem = TailEvent | PoisonRecord;

interface Place {
  readonly topic: string;
  readonly partition: number;
  /** Text: it may exceed 2^53 one day. */
  readonly offset: string;
  /** The brokers' time, RFC 3339. */
  readonly timestamp: string;
  /** UTF-8, else hex; null when the record has none. */
  readonly key: string | null;
}

/** A decoded event. */
export interface TailEvent extends Place {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time: string | null;
  readonly subject: string | null;
  readonly tenant: string;
  readonly traceparent: string | null;
  /** The writer schema's id; null for a tombstone. */
  readonly schemaId: number | null;
  readonly data: unknown;
}

/** A record that cannot be decoded. */
export interface PoisonRecord extends Place {
  readonly error: { readonly code: string; readonly detail: string };
  readonly valueBytes: number;
}

/** Whether an item is no event. */
export function isPoison(item: TailItem): item is PoisonRecord {
  return "error" in item;
}

/** Makes the items of one topic. */
export class TailItems {
  readonly #privacy: Privacy;
  readonly #isKeyPersonal: boolean;
  readonly #nodes = new WeakMap<object, SchemaNode>();

  /** @param isKeyPersonal the record key is a field that is personal data. */
  constructor(privacy: Privacy, isKeyPersonal: boolean) {
    this.#privacy = privacy;
    this.#isKeyPersonal = isKeyPersonal;
  }

  /** The item of a record and what it was decoded to. */
  item(
    record: LocatedRecord,
    result: Exclude<DecodeResult, { readonly kind: "schema-needed" }>,
  ): TailItem {
    const place = this.#place(record);
    if (result.kind === "event") return { ...place, ...this.#eventPart(result.event) };
    const { code, detail } = result;
    return { ...place, error: { code, detail }, valueBytes: record.value?.length ?? 0 };
  }

  #place({ topic, partition, offset, timestampMs, key }: LocatedRecord): Place {
    const isHidden = this.#isKeyPersonal && this.#privacy === "masked" && key !== null;
    return {
      topic,
      partition,
      offset: String(offset),
      timestamp: new Date(timestampMs).toISOString(),
      key: isHidden ? MASK : keyText(key),
    };
  }

  #eventPart(event: DecodedEvent): Omit<TailEvent, keyof Place> {
    const { id, source, type, time, subject, tenant, traceparent, data, schema } = event;
    const view = schema === null ? null : viewOf(data, this.#nodeOf(schema.avro), this.#privacy);
    const schemaId = schema?.id ?? null;
    return { id, source, type, time, subject, tenant, traceparent, schemaId, data: view };
  }

  #nodeOf(avro: unknown): SchemaNode {
    if (typeof avro !== "object" || avro === null) return parseSchema(avro);
    const known = this.#nodes.get(avro);
    if (known !== undefined) return known;
    const node = parseSchema(avro);
    this.#nodes.set(avro, node);
    return node;
  }
}

/** A key as text; one that is no UTF-8 as hex, the way it is shown everywhere. */
export function keyText(key: Uint8Array | null): string | null {
  if (key === null) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(key);
  } catch {
    return Buffer.from(key).toString("hex");
  }
}
