import type { TargetConfig } from "@millrace/config";
import { createDecoder, type Catalog, type Decoder, type Registry } from "@millrace/schemas";

/** What a target's events are decoded with. */
export interface TargetContracts {
  readonly catalog: Catalog;
  readonly registry: Registry;
  /** Stands in the source of derived envelopes. */
  readonly clusterId: string;
  /** See `DecoderOptions`. */
  readonly unknownGraceMs?: number;
}

/** A decoder with the target's rule for foreign records and the catalog's schemas as reader schemas. */
export function createTargetDecoder(
  target: Pick<TargetConfig, "input">,
  { catalog, registry, ...rest }: TargetContracts,
): Decoder {
  const readerSchemas = new Map<string, unknown>();
  for (const { type, avro } of catalog.types.values()) readerSchemas.set(type, avro);
  return createDecoder(registry, { ...rest, envelope: target.input.envelope, readerSchemas });
}
