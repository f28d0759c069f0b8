/**
 * A Confluent-compatible schema registry. Services only read from it: they never register, so that no deployment can
 * change a contract by accident; `planPush` and `applyPush` do.
 */
import { COMPATIBILITY } from "@kafkajs/confluent-schema-registry";
import { SCHEMA_LIMITS } from "./avro/schema-node.ts";
import { registerSchema } from "./registration.ts";
import {
  connectionTo,
  type RegistryConnection,
  type RegistryOptions,
} from "./registry-connection.ts";
import { createRest, type Rest, type RestAnswer } from "./registry-rest.ts";
import { SchemaError, reasonOf } from "./schema-error.ts";

/** The registry's compatibility levels. */
export type CompatibilityLevel = keyof typeof COMPATIBILITY;

/** A schema registered under a subject. */
export interface RegisteredSchema {
  readonly id: number;
  /** Version within the subject, from 1. */
  readonly version: number;
  readonly avro: unknown;
}

/** Every call rejects with SchemaError `REGISTRY_UNREACHABLE` (retry) or `REGISTRY_REFUSED` where not said otherwise. */
export interface Registry {
  /** Where it is, without credentials. */
  readonly url: string;
  /** @throws SchemaError `SCHEMA_UNKNOWN`; `SCHEMA_INVALID` for what is not self-contained Avro within the limits. */
  schemaById(id: number): Promise<unknown>;
  /** The id of exactly this schema under a subject. @throws SchemaError `SCHEMA_UNKNOWN`. */
  idOf(subject: string, avro: unknown): Promise<number>;
  /** All versions of a subject, oldest first; empty when there is no such subject. */
  versions(subject: string): Promise<readonly RegisteredSchema[]>;
  /** The newest version of a subject; null when there is no such subject. */
  latest(subject: string): Promise<RegisteredSchema | null>;
  /**
   * The level that holds for a subject, and whether it is the subject's own or the registry's default, as far as the
   * registry tells: Apicurio calls it a subject's own from the first version on.
   */
  compatibility(subject: string): Promise<{ level: CompatibilityLevel; isOwn: boolean }>;
  setCompatibility(subject: string, level: CompatibilityLevel): Promise<void>;
  /** The registry's own verdict under the subject's level; true where the subject does not exist yet. */
  accepts(subject: string, avro: unknown): Promise<{ accepted: boolean; messages: string[] }>;
  /**
   * Registers a schema and leaves the subject's level alone. Idempotent: a schema that is there keeps its id.
   * @throws SchemaError `SCHEMA_INCOMPATIBLE`.
   */
  register(subject: string, avro: unknown): Promise<number>;
}

/**
 * A client for the registry at `url` (for Apicurio that ends in `/apis/ccompat/v7`). Connects on use.
 * @throws SchemaError `REGISTRY_REFUSED` when the URL is none.
 */
export function createRegistry(url: string, options: RegistryOptions = {}): Registry {
  return new RestRegistry(connectionTo(url, options));
}

class RestRegistry implements Registry {
  readonly url: string;
  private readonly rest: Rest;
  private readonly connection: RegistryConnection;

  constructor(connection: RegistryConnection) {
    this.url = connection.url;
    this.connection = connection;
    this.rest = createRest(connection);
  }

  async schemaById(id: number): Promise<unknown> {
    const json = await this.find(`/schemas/ids/${id}`, `schema with id ${id}`);
    return avroOf(json, `schema ${id}`);
  }

  async idOf(subject: string, avro: unknown): Promise<number> {
    const answer = await this.rest({
      method: "POST",
      path: `/subjects/${encodeURIComponent(subject)}`,
      body: { schema: JSON.stringify(avro) },
    });
    const json = foundOr(answer, `this schema under the subject ${subject}`);
    return numberAt(json, "id");
  }

  async versions(subject: string): Promise<readonly RegisteredSchema[]> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions`;
    const answer = await this.rest({ method: "GET", path });
    if (answer.kind === "not-found") return [];
    return Promise.all(
      versionNumbers(answer.json).map(async (version) => {
        const json = await this.find(`${path}/${version}`, `version ${version} of ${subject}`);
        return registeredOf(json, subject);
      }),
    );
  }

  async latest(subject: string): Promise<RegisteredSchema | null> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions/latest`;
    const answer = await this.rest({ method: "GET", path });
    return answer.kind === "not-found" ? null : registeredOf(answer.json, subject);
  }

  async compatibility(subject: string): Promise<{ level: CompatibilityLevel; isOwn: boolean }> {
    const own = await this.rest({ method: "GET", path: `/config/${encodeURIComponent(subject)}` });
    if (own.kind === "found") return { level: levelOf(own.json), isOwn: true };
    return { level: levelOf(await this.find("/config", "configuration")), isOwn: false };
  }

  async setCompatibility(subject: string, level: CompatibilityLevel): Promise<void> {
    const path = `/config/${encodeURIComponent(subject)}`;
    foundOr(await this.rest({ method: "PUT", path, body: { compatibility: level } }), path);
  }

  async accepts(
    subject: string,
    avro: unknown,
  ): Promise<{ accepted: boolean; messages: string[] }> {
    const answer = await this.rest({
      method: "POST",
      path: `/compatibility/subjects/${encodeURIComponent(subject)}/versions?verbose=true`,
      body: { schema: JSON.stringify(avro) },
    });
    if (answer.kind === "not-found") return { accepted: true, messages: [] };
    const messages = memberOf(answer.json, "messages");
    const accepted = memberOf(answer.json, "is_compatible");
    if (typeof accepted !== "boolean") throw unexpected("is_compatible");
    return {
      accepted,
      messages: Array.isArray(messages) ? messages.map(String) : [],
    };
  }

  async register(subject: string, avro: unknown): Promise<number> {
    const { level } = await this.compatibility(subject);
    return registerSchema({ subject, avro, level }, this.connection);
  }

  private async find(path: string, what: string): Promise<unknown> {
    return foundOr(await this.rest({ method: "GET", path }), what);
  }
}

function foundOr(answer: RestAnswer, what: string): unknown {
  if (answer.kind === "found") return answer.json;
  throw new SchemaError("SCHEMA_UNKNOWN", `the schema registry has no ${what}`);
}

function registeredOf(json: unknown, subject: string): RegisteredSchema {
  return {
    id: numberAt(json, "id"),
    version: numberAt(json, "version"),
    avro: avroOf(json, `a version of ${subject}`),
  };
}

function avroOf(json: unknown, what: string): unknown {
  const type = memberOf(json, "schemaType") ?? "AVRO";
  const text = memberOf(json, "schema");
  const references = memberOf(json, "references");
  if (type !== "AVRO" || typeof text !== "string") throw unusable(`${what} is no Avro schema`);
  if (Array.isArray(references) && references.length > 0) {
    throw unusable(`${what} refers to other subjects, which is not supported`);
  }
  if (Buffer.byteLength(text) > 2 * SCHEMA_LIMITS.bytesMax) throw unusable(`${what} is too large`);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw unusable(`${what} is no JSON (${reasonOf(error)})`);
  }
}

function unusable(message: string): SchemaError {
  return new SchemaError("SCHEMA_INVALID", message);
}

function levelOf(json: unknown): CompatibilityLevel {
  const level = memberOf(json, "compatibilityLevel");
  const known = LEVELS.find((name) => name === level);
  if (known !== undefined) return known;
  throw new SchemaError(
    "REGISTRY_REFUSED",
    "schema registry: it has an unknown compatibility level",
  );
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the keys of a constant
const LEVELS = Object.keys(COMPATIBILITY) as readonly CompatibilityLevel[];

function numberAt(json: unknown, name: string): number {
  const value = memberOf(json, name);
  if (typeof value === "number") return value;
  throw unexpected(name);
}

function versionNumbers(json: unknown): readonly number[] {
  const isList = Array.isArray(json) && json.every((item) => typeof item === "number");
  if (!isList) throw unexpected("list of versions");
  return json.toSorted((a, b) => a - b);
}

/** A 200 that is none of the registry's answers: something else stands at its address. */
function unexpected(missing: string): SchemaError {
  return new SchemaError("REGISTRY_REFUSED", `schema registry: its answer has no ${missing}`);
}

function memberOf(json: unknown, name: string): unknown {
  return typeof json === "object" && json !== null ? Reflect.get(json, name) : undefined;
}
