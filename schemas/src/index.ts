export { compileSchema, type AvroSchema } from "./avro/avro-type.ts";
export {
  branchName,
  parseSchema,
  SCHEMA_LIMITS,
  withoutNull,
  type ArrayNode,
  type EnumNode,
  type FieldNode,
  type FixedNode,
  type LogicalType,
  type MapNode,
  type PrimitiveNode,
  type RecordNode,
  type SchemaNode,
  type UnionNode,
} from "./avro/schema-node.ts";
export { RECORD_LIMITS } from "./avro/pre-scan.ts";
export {
  CATALOG_VERSION,
  DEFAULT_CATALOG_PATH,
  loadCatalog,
  type Catalog,
  type CatalogTopic,
  type CatalogType,
} from "./catalog.ts";
export type * from "./generated/event-map.ts";
export { EVENT_MAP_FILE, generateTypes } from "./generate/generate-types.ts";
export {
  checkCompatibility,
  readProblems,
  type CompatibilityItem,
  type CompatibilityReport,
} from "./compatibility.ts";
export {
  createDecoder,
  type Decoder,
  type DecoderOptions,
  type DecodeResult,
  type LocatedRecord,
} from "./decoder.ts";
export type { EmitInput } from "./emit-input.ts";
export { createEncoder, type EncodedEvent, type Encoder, type EncoderOptions } from "./encoder.ts";
export { ATTRIBUTE_PREFIX, AVRO_CONTENT_TYPE, HEADERS, readEnvelope } from "./envelope.ts";
export type { EventContract, EventContracts } from "./event-contract.ts";
export {
  DEFAULT_TENANT,
  type DecodedEvent,
  type Envelope,
  type WireRecord,
  type WriterSchema,
} from "./event.ts";
export {
  isReleased,
  release,
  releaseCatalog,
  releasedVersions,
  type ReleasedSchema,
  type ReleasedSubject,
} from "./history.ts";
export { MASK, maskedAlike } from "./personal/masked-alike.ts";
export { isKeyPersonal } from "./personal/personal-key.ts";
export {
  hasPersonalData,
  personalValues,
  type PersonalValues,
} from "./personal/personal-values.ts";
export { createStandInDecoder, type StandInOptions } from "./personal/stand-in-decoder.ts";
export { createMemoryRegistry, type MemoryRegistryOptions } from "./memory-registry.ts";
export {
  applyPush,
  planPush,
  strengthened,
  type PushedSchema,
  type PushPlan,
  type PushStep,
  type SchemasToPush,
  type SchemaToPush,
} from "./push.ts";
export { UNKNOWN_GRACE_MS } from "./read-plan.ts";
export {
  createRegistry,
  type CompatibilityLevel,
  type RegisteredSchema,
  type Registry,
} from "./registry.ts";
export type { RegistryOptions } from "./registry-connection.ts";
export { isRfc3339 } from "./rfc3339.ts";
export { diffSchemas, type SchemaChange } from "./schema-diff.ts";
export {
  SchemaError,
  type FieldProblem,
  type FileProblem,
  type SchemaErrorCode,
} from "./schema-error.ts";
export { typeText } from "./avro/type-text.ts";
export { resolveSchemaIds, type SchemaIdsOptions } from "./schema-ids.ts";
export { nearest, nearestHint } from "./suggestion.ts";
export { uuidV7 } from "./uuid-v7.ts";
