/**
 * Registering through the registry client of kafkajs, with what it lacks: it sets the level BACKWARD on every new subject
 * unless told not to, never ends when an answer breaks off, and reports a connection that failed as status 400.
 */
import { COMPATIBILITY, SchemaRegistry, SchemaType } from "@kafkajs/confluent-schema-registry";
import type { RegistryConnection } from "./registry-connection.ts";
import { isAway } from "./registry-rest.ts";
import { SchemaError, reasonOf, type SchemaErrorCode } from "./schema-error.ts";

/** What is registered, under the level that the subject has. */
export interface Registration {
  readonly subject: string;
  readonly avro: unknown;
  readonly level: keyof typeof COMPATIBILITY;
}

/**
 * Registers a schema; returns its id. Leaves the subject's level alone.
 * @throws SchemaError `SCHEMA_INCOMPATIBLE`, `REGISTRY_UNREACHABLE` (retry: it is idempotent) or `REGISTRY_REFUSED`.
 */
export async function registerSchema(
  { subject, avro, level }: Registration,
  { url, auth, timeoutMs }: RegistryConnection,
): Promise<number> {
  const client = new SchemaRegistry({
    host: url,
    retry: { retries: 0 },
    ...(auth === null ? {} : { auth: { ...auth } }),
  });
  const schema = { type: SchemaType.AVRO as const, schema: JSON.stringify(avro) };
  const options = { subject, compatibility: COMPATIBILITY[level], updateConfig: false };
  try {
    const { id } = await within(timeoutMs, client.register(schema, options));
    if (Number.isSafeInteger(id)) return id;
  } catch (error) {
    const message = `cannot register a schema under ${subject}: ${reasonOf(error)}`;
    throw new SchemaError(codeOf(error), message, { cause: error });
  }
  throw new SchemaError("REGISTRY_REFUSED", "schema registry: its answer has no id");
}

/** Why a whole exchange was given up. */
class Expired extends Error {
  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
  }
}

async function within<Value>(timeoutMs: number, work: Promise<Value>): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Expired(timeoutMs)), timeoutMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** The client's way to say that the answer was not the registry's: a refused connection, a proxy's page. */
const NOT_ITS_WORDS = /Error, status 400: /;

function codeOf(error: unknown): SchemaErrorCode {
  if (error instanceof Expired) return "REGISTRY_UNREACHABLE";
  const status: unknown = error instanceof Error && "status" in error ? error.status : undefined;
  if (typeof status !== "number") return "REGISTRY_REFUSED";
  if (status === 409) return "SCHEMA_INCOMPATIBLE";
  if (status === 400 && NOT_ITS_WORDS.test(reasonOf(error))) return "REGISTRY_UNREACHABLE";
  return isAway(status) ? "REGISTRY_UNREACHABLE" : "REGISTRY_REFUSED";
}
