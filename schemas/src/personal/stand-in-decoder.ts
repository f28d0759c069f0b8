import { parseSchema, type SchemaNode } from "../avro/schema-node.ts";
import type { Decoder, LocatedRecord } from "../decoder.ts";
import type { DecodedEvent } from "../event.ts";
import { STAND_IN_TEXTS, withoutPersonalData, type StandIn } from "./personal-data.ts";

/** What is replaced. */
export interface StandInOptions {
  readonly which: StandIn;
  /** Whether the records of a topic are keyed by personal data; the subject is taken to be the key then. */
  readonly isKeyPersonal: (topic: string) => boolean;
}

/** Decodes as another decoder does, and replaces what is personal in the event. */
export function createStandInDecoder(decoder: Decoder, options: StandInOptions): Decoder {
  const nodes = new WeakMap<object, SchemaNode>();
  return {
    decode(record) {
      const decoded = decoder.decode(record);
      if (decoded.kind !== "event") return decoded;
      const event = withoutPersonalPart(decoded.event, nodes, options.which);
      const isKeyed = options.isKeyPersonal(record.topic);
      return { kind: "event", event: isKeyed ? withoutKey(event, record, options.which) : event };
    },
    load: (schemaId) => decoder.load(schemaId),
  };
}

function withoutPersonalPart(
  event: DecodedEvent,
  nodes: WeakMap<object, SchemaNode>,
  which: StandIn,
): DecodedEvent {
  const avro: unknown = event.schema?.avro;
  if (typeof avro !== "object" || avro === null) return event;
  const node = nodes.get(avro) ?? parseSchema(avro);
  nodes.set(avro, node);
  const { headers } = event;
  return { ...event, headers, data: withoutPersonalData(event.data, node, which) };
}

function withoutKey(event: DecodedEvent, { key }: LocatedRecord, which: StandIn): DecodedEvent {
  if (key === null) return event;
  const text = STAND_IN_TEXTS[which];
  const [keyText, subject] = [Buffer.from(key).toString(), event.subject];
  const isPersonal = (value: string | null): boolean => value === keyText || value === subject;
  const replaced = (texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
    Object.fromEntries(
      Object.entries(texts).map(([name, value]) => [name, isPersonal(value) ? text : value]),
    );
  return {
    ...event,
    key: Buffer.from(text),
    partitionKey: event.partitionKey === null ? null : text,
    subject: subject === null ? null : text,
    headers: replaced(event.headers),
    extensions: replaced(event.extensions),
  };
}
