import type avsc from "avsc";
import type { Buffer } from "node:buffer";
import { compileSchema, type AvroSchema } from "./avro/avro-type.ts";
import { compilePreScan, type PreScan } from "./avro/pre-scan.ts";
import { resolutionProblems } from "./avro/resolution.ts";
import type { WriterSchema } from "./event.ts";
import type { Registry } from "./registry.ts";
import { SchemaError, reasonOf } from "./schema-error.ts";

/** How records of one writer schema are read as one event type. */
export interface ReadPlan {
  readonly kind: "plan";
  /** Full name of the writer's record; its kind where it has none. */
  readonly writerName: string;
  readonly preScan: PreScan;
  /** Reads Avro bytes that passed the pre-scan. */
  readonly read: (bytes: Buffer) => unknown;
  /** The schema that read values have. */
  readonly schema: WriterSchema;
}

/** What is known of a schema id. */
export type PlanLookup =
  | ReadPlan
  | { readonly kind: "needed" }
  | { readonly kind: "unknown" }
  | { readonly kind: "unusable"; readonly detail: string };

interface Writer extends AvroSchema {
  readonly kind: "writer";
  readonly avro: unknown;
  readonly preScan: PreScan;
  /** By event type; types without a reader schema share the one at "". */
  readonly plans: Map<string, PlanLookup>;
}
interface Reader extends AvroSchema {
  readonly avro: unknown;
}
/** The registry did not know it, but may be a replica that is behind. */
interface Doubted {
  readonly kind: "doubted";
  readonly sinceMs: number;
}
interface Unknown {
  readonly kind: "unknown";
  readonly untilMs: number;
}
interface Unusable {
  readonly kind: "unusable";
  readonly detail: string;
}
type Useless = Doubted | Unknown | Unusable;

/** Default of how long an id that the registry does not know is asked for again before it counts as unknown, ms. */
export const UNKNOWN_GRACE_MS = 5_000;
/** How long an id that the registry does not know is not asked for again: registering may be a little behind. */
const UNKNOWN_FOR_MS = 10_000;
/** Schemas held, and ids that are of no use; beyond it the ones loaded first go. */
const SCHEMAS_MAX = 1_000;

/** Writer schemas by id, compiled, with the way each is read. Answers from memory; only `load` asks the registry. */
export class ReadPlanCache {
  private readonly registry: Registry;
  private readonly readers: ReadonlyMap<string, Reader>;
  private readonly now: () => number;
  private readonly unknownGraceMs: number;
  private readonly writers = new Map<number, Writer>();
  /** Apart from the writers, so that a stream of invented ids pushes none of them out. */
  private readonly useless = new Map<number, Useless>();
  private readonly loading = new Map<number, Promise<void>>();

  /** @throws SchemaError `SCHEMA_INVALID` for a reader schema. */
  constructor(
    registry: Registry,
    options: {
      readonly readerSchemas: ReadonlyMap<string, unknown>;
      readonly now: () => number;
      readonly unknownGraceMs: number;
    },
  ) {
    this.registry = registry;
    this.readers = new Map(
      [...options.readerSchemas].map(([type, avro]) => [type, { avro, ...compileSchema(avro) }]),
    );
    this.now = options.now;
    this.unknownGraceMs = options.unknownGraceMs;
  }

  /** The plan for a schema id and an event type (null: the writer's own name). */
  planFor(schemaId: number, eventType: string | null): PlanLookup {
    const writer = this.writers.get(schemaId);
    if (writer !== undefined) {
      return this.planOf(writer, { schemaId, type: eventType ?? nameOf(writer.type) });
    }
    const useless = this.useless.get(schemaId);
    if (useless === undefined || useless.kind === "doubted") return { kind: "needed" };
    const isOver = useless.kind === "unknown" && useless.untilMs <= this.now();
    return isOver ? { kind: "needed" } : useless;
  }

  load(schemaId: number): Promise<void> {
    const running = this.loading.get(schemaId);
    if (running !== undefined) return running;
    const load = this.fetch(schemaId).finally(() => this.loading.delete(schemaId));
    this.loading.set(schemaId, load);
    return load;
  }

  private async fetch(schemaId: number): Promise<void> {
    if (this.planFor(schemaId, null).kind !== "needed") return;
    try {
      remember(this.writers, schemaId, compileWriter(await this.registry.schemaById(schemaId)));
      this.useless.delete(schemaId);
    } catch (error) {
      const useless = this.uselessBecause(error, schemaId);
      remember(this.useless, schemaId, useless);
      if (useless.kind === "doubted") throw error;
    }
  }

  /** Throws what says nothing of the schema. */
  private uselessBecause(error: unknown, schemaId: number): Useless {
    if (!(error instanceof SchemaError)) throw error;
    if (error.code === "SCHEMA_UNKNOWN") return this.doubtedOrUnknown(schemaId);
    if (error.code === "SCHEMA_INVALID") return { kind: "unusable", detail: error.message };
    throw error;
  }

  /** Doubted for the grace from the first time on; an id that was unknown already has had it. */
  private doubtedOrUnknown(schemaId: number): Useless {
    const now = this.now();
    const known = this.useless.get(schemaId) ?? { kind: "doubted", sinceMs: now };
    const isInGrace = known.kind === "doubted" && now - known.sinceMs < this.unknownGraceMs;
    return isInGrace ? known : { kind: "unknown", untilMs: now + UNKNOWN_FOR_MS };
  }

  private planOf(writer: Writer, of: { schemaId: number; type: string }): PlanLookup {
    const reader = this.readers.get(of.type);
    const slot = reader === undefined ? "" : of.type;
    const known = writer.plans.get(slot);
    if (known !== undefined) return known;
    const plain = plainPlan(writer, of.schemaId);
    const plan = reader === undefined ? plain : resolvedPlan(plain, { writer, reader });
    writer.plans.set(slot, plan);
    return plan;
  }
}

function remember<Entry>(entries: Map<number, Entry>, schemaId: number, entry: Entry): void {
  entries.delete(schemaId);
  entries.set(schemaId, entry);
  const [oldest] = entries.keys();
  if (entries.size > SCHEMAS_MAX && oldest !== undefined) entries.delete(oldest);
}

function resolvedPlan(plain: ReadPlan, by: { writer: Writer; reader: Reader }): PlanLookup {
  const { avro, type, node } = by.reader;
  try {
    const [problem] = resolutionProblems(node, by.writer.node).filter(
      ({ kind }) => kind !== "lossy",
    );
    if (problem !== undefined) throw new SchemaError("SCHEMA_INCOMPATIBLE", problem.detail);
    const resolver = type.createResolver(by.writer.type);
    const read = (bytes: Buffer): unknown => type.fromBuffer(bytes, resolver);
    return { ...plain, read, schema: { id: plain.schema.id, avro, type } };
  } catch (error) {
    return { kind: "unusable", detail: `cannot be read as ${nameOf(type)}: ${reasonOf(error)}` };
  }
}

function compileWriter(avro: unknown): Writer {
  const compiled = compileSchema(avro);
  const preScan = compilePreScan(compiled.node);
  return { kind: "writer", ...compiled, avro, preScan, plans: new Map() };
}

function plainPlan(writer: Writer, id: number): ReadPlan {
  const { avro, type, preScan } = writer;
  return {
    kind: "plan",
    writerName: nameOf(type),
    preScan,
    read: (bytes) => type.fromBuffer(bytes) as unknown,
    schema: { id, avro, type },
  };
}

function nameOf(type: avsc.Type): string {
  return type.name ?? type.typeName;
}
