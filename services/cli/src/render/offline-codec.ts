import {
  applyPush,
  createDecoder,
  createEncoder,
  createMemoryRegistry,
  planPush,
  resolveSchemaIds,
  type Catalog,
  type DecodedEvent,
  type EmitInput,
} from "@millrace/schemas";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";

/** An event as a target's process would see it, and the topic it would come from. */
export interface LiveEvent {
  readonly event: DecodedEvent;
  readonly topic: string;
}

/**
 * Encodes an event and decodes it again, without any server: what comes out is bound to the schema as it is live
 * (defaults filled in, longs, timestamps), so that expressions see what they will see.
 * @throws SchemaError `EVENT_INVALID` or `EVENT_TYPE_UNKNOWN`.
 */
export async function asLive(catalog: Catalog, input: EmitInput): Promise<LiveEvent> {
  const registry = createMemoryRegistry();
  await applyPush(await planPush(catalog, registry), registry);
  const encoded = createEncoder(catalog, await resolveSchemaIds(catalog, registry)).encode(input);
  const { topic, key, value, headers } = encoded;
  const readerSchemas = new Map([...catalog.types].map(([type, { avro }]) => [type, avro]));
  const decoder = createDecoder(registry, { readerSchemas });
  const record = { topic, key, value, headers, partition: 0, offset: 0, timestampMs: Date.now() };
  const first = decoder.decode(record);
  if (first.kind === "schema-needed") await decoder.load(first.schemaId);
  const decoded = decoder.decode(record);
  if (decoded.kind === "event") return { event: decoded.event, topic };
  throw new CliError(EXIT.error, `the event cannot be read back: ${decoded.kind}`);
}
