/**
 * A Confluent-compatible schema registry. Services only read from it: they never register, so that no deployment can
 * change a contract by accident; `planPush` and `applyPush` do.
 */
import { COMPATIBILITY, SchemaRegistry, SchemaType } from "@kafkajs/confluent-schema-registry";
import { SCHEMA_LIMITS } from "./avro/schema-node.ts";
import { createRest, type Rest, type RestAnswer, type RestOptions } from "./registry-rest.ts";
import { SchemaError, reasonOf } from "./schema-error.ts";

/** The registry's compatibility levels. */
export type CompatibilityLevel = keyof typeof COMPATIBILITY;

/** How to reach a registry. */
export type RegistryOptions = RestOptions;

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
  /** The level that holds for a subject, and whether it is the subject's own or the registry's default. */
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
  if (!URL.canParse(url))
    throw new SchemaError("REGISTRY_REFUSED", "schema registry: no valid URL");
  return new RestRegistry(url, options);
}

class RestRegistry implements Registry {
  readonly url: string;
  private readonly rest: Rest;
  private readonly auth: RegistryOptions["auth"];

  constructor(url: string, options: RegistryOptions) {
    const parsed = new URL(url);
    this.auth = options.auth ?? credentialsOf(parsed);
    parsed.username = "";
    parsed.password = "";
    this.url = parsed.href.replace(/\/+$/, "");
    this.rest = createRest(url, options);
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
    if (answer.kind === "not-found" || !Array.isArray(answer.json)) return [];
    const numbers = answer.json.filter((item) => typeof item === "number");
    return Promise.all(
      numbers.map(async (version) => {
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
    return {
      accepted: memberOf(answer.json, "is_compatible") === true,
      messages: Array.isArray(messages) ? messages.map(String) : [],
    };
  }

  async register(subject: string, avro: unknown): Promise<number> {
    const { level } = await this.compatibility(subject);
    const client = new SchemaRegistry({
      host: this.url,
      ...(this.auth === undefined ? {} : { auth: this.auth }),
    });
    try {
      const registered = await client.register(
        { type: SchemaType.AVRO, schema: JSON.stringify(avro) },
        // Otherwise it sets the level BACKWARD on every new subject.
        { subject, compatibility: COMPATIBILITY[level], updateConfig: false },
      );
      return registered.id;
    } catch (error) {
      throw registerError(subject, error);
    }
  }

  private async find(path: string, what: string): Promise<unknown> {
    return foundOr(await this.rest({ method: "GET", path }), what);
  }
}

function registerError(subject: string, error: unknown): SchemaError {
  const status = memberOf(error, "status");
  const code = status === 409 ? "SCHEMA_INCOMPATIBLE" : "REGISTRY_REFUSED";
  const message = `cannot register a schema under ${subject}: ${reasonOf(error)}`;
  return new SchemaError(code, message, { cause: error });
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
  throw new SchemaError("REGISTRY_REFUSED", `schema registry: its answer has no ${name}`);
}

function memberOf(json: unknown, name: string): unknown {
  return typeof json === "object" && json !== null ? Reflect.get(json, name) : undefined;
}

function credentialsOf(url: URL): { username: string; password: string } | undefined {
  if (url.username === "") return undefined;
  const [username, password] = [url.username, url.password].map(decodeURIComponent);
  return { username: username ?? "", password: password ?? "" };
}
