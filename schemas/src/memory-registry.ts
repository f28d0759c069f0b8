import { readProblems } from "./compatibility.ts";
import type { CompatibilityLevel, RegisteredSchema, Registry } from "./registry.ts";
import { SchemaError } from "./schema-error.ts";

/** What an in-memory registry may be told. */
export interface MemoryRegistryOptions {
  /** The default level, as registries have one. Default `NONE`. */
  readonly level?: CompatibilityLevel;
}

/**
 * A registry in memory, for tests and for work without any server. Ids count from 1; one schema has one id in all
 * subjects, as in the real ones. Judges compatibility by reading alone, whatever the level but `NONE`.
 */
export function createMemoryRegistry(options: MemoryRegistryOptions = {}): Registry {
  return new MemoryRegistry(options.level ?? "NONE");
}

class MemoryRegistry implements Registry {
  readonly url = "memory://registry";
  private readonly defaultLevel: CompatibilityLevel;
  private readonly texts: string[] = [];
  private readonly subjects = new Map<string, string[]>();
  private readonly levels = new Map<string, CompatibilityLevel>();

  constructor(level: CompatibilityLevel) {
    this.defaultLevel = level;
  }

  schemaById(id: number): Promise<unknown> {
    const text = this.texts[id - 1];
    return text === undefined ? unknown(`schema with id ${id}`) : Promise.resolve(JSON.parse(text));
  }

  idOf(subject: string, avro: unknown): Promise<number> {
    const text = JSON.stringify(avro);
    const isThere = this.subjects.get(subject)?.includes(text) === true;
    return isThere
      ? Promise.resolve(this.texts.indexOf(text) + 1)
      : unknown(`this schema under the subject ${subject}`);
  }

  versions(subject: string): Promise<readonly RegisteredSchema[]> {
    const texts = this.subjects.get(subject) ?? [];
    return Promise.resolve(
      texts.map((text, index) => ({
        id: this.texts.indexOf(text) + 1,
        version: index + 1,
        avro: JSON.parse(text) as unknown,
      })),
    );
  }

  async latest(subject: string): Promise<RegisteredSchema | null> {
    return (await this.versions(subject)).at(-1) ?? null;
  }

  compatibility(subject: string): Promise<{ level: CompatibilityLevel; isOwn: boolean }> {
    const own = this.levels.get(subject);
    return Promise.resolve({ level: own ?? this.defaultLevel, isOwn: own !== undefined });
  }

  setCompatibility(subject: string, level: CompatibilityLevel): Promise<void> {
    this.levels.set(subject, level);
    return Promise.resolve();
  }

  async accepts(
    subject: string,
    avro: unknown,
  ): Promise<{ accepted: boolean; messages: string[] }> {
    const { level } = await this.compatibility(subject);
    if (level === "NONE") return { accepted: true, messages: [] };
    const versions = await this.versions(subject);
    const messages = versions.flatMap((version) => readProblems(avro, version.avro));
    return { accepted: messages.length === 0, messages };
  }

  async register(subject: string, avro: unknown): Promise<number> {
    const { accepted, messages } = await this.accepts(subject, avro);
    if (!accepted) throw new SchemaError("SCHEMA_INCOMPATIBLE", messages.join("; "));
    const text = JSON.stringify(avro);
    if (!this.texts.includes(text)) this.texts.push(text);
    const versions = this.subjects.get(subject) ?? [];
    if (!versions.includes(text)) this.subjects.set(subject, [...versions, text]);
    return this.texts.indexOf(text) + 1;
  }
}

function unknown(what: string): Promise<never> {
  return Promise.reject(new SchemaError("SCHEMA_UNKNOWN", `the schema registry has no ${what}`));
}
