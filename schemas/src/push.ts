/**
 * Registering schemas, the catalog's above all: first a plan that says all that would happen, then, if nothing stands against it,
 * the plan is carried out. The level of a subject is set before its first version and only ever made stricter.
 */
import { readProblems } from "./compatibility.ts";
import type { CatalogType } from "./catalog.ts";
import type { CompatibilityLevel, RegisteredSchema, Registry } from "./registry.ts";
import { diffSchemas, type SchemaChange } from "./schema-diff.ts";
import { SchemaError } from "./schema-error.ts";

/** A schema as it is to be registered. */
export type SchemaToPush = Pick<CatalogType, "type" | "subject" | "avro">;

/** Schemas to push, by any name: a catalogue's types, or more. */
export interface SchemasToPush {
  readonly types: ReadonlyMap<string, SchemaToPush>;
}

/** What pushing one schema would do. */
export interface PushStep {
  readonly type: string;
  readonly subject: string;
  readonly avro: unknown;
  /** `create`: the subject's first version; `update`: a further one; `keep`: it is there already. */
  readonly action: "create" | "update" | "keep";
  /** The id of a schema that is kept. */
  readonly id: number | null;
  /** The level to set on the subject; null when it is right. */
  readonly setLevel: CompatibilityLevel | null;
  /** Against the newest version; a schema that differs in its doc only has none. */
  readonly changes: readonly SchemaChange[];
  /** Why it cannot be registered, one sentence each. */
  readonly problems: readonly string[];
}

/** What a push would do, in the order of the schemas. */
export interface PushPlan {
  readonly steps: readonly PushStep[];
  /** False when any step has a problem: then nothing is written. */
  readonly isPossible: boolean;
}

/** What a push did. */
export interface PushedSchema {
  readonly subject: string;
  readonly action: PushStep["action"];
  readonly id: number;
}

/** Compares schemas with the registry; writes nothing. */
export async function planPush({ types }: SchemasToPush, registry: Registry): Promise<PushPlan> {
  const steps: PushStep[] = [];
  for (const type of types.values()) steps.push(await stepFor(type, registry));
  return { steps, isPossible: steps.every(({ problems }) => problems.length === 0) };
}

/**
 * Carries out a plan. Idempotent: after a failure half-way, plan and apply again.
 * @throws SchemaError `SCHEMA_INCOMPATIBLE` before anything is written, when the plan is not possible.
 */
export async function applyPush(
  plan: PushPlan,
  registry: Registry,
): Promise<readonly PushedSchema[]> {
  const refused = plan.steps.filter(({ problems }) => problems.length > 0);
  if (refused.length > 0) throw incompatible(refused);
  const pushed: PushedSchema[] = [];
  for (const { subject, avro, action, id, setLevel } of plan.steps) {
    if (setLevel !== null) await registry.setCompatibility(subject, setLevel);
    pushed.push({ subject, action, id: id ?? (await registry.register(subject, avro)) });
  }
  return pushed;
}

/** The level that keeps what a subject promises and adds BACKWARD_TRANSITIVE, the least that replays need. */
export function strengthened(level: CompatibilityLevel): CompatibilityLevel {
  return level === "NONE" || level === "BACKWARD" || level === "BACKWARD_TRANSITIVE"
    ? "BACKWARD_TRANSITIVE"
    : "FULL_TRANSITIVE";
}

async function stepFor(of: SchemaToPush, registry: Registry): Promise<PushStep> {
  const { type, subject, avro } = of;
  const versions = await registry.versions(subject);
  const { level, isOwn } = await registry.compatibility(subject);
  const wanted = strengthened(level);
  const latest = versions.at(-1);
  const id = latest === undefined ? null : await registeredId(registry, { subject, avro });
  return {
    type,
    subject,
    avro,
    action: id !== null ? "keep" : latest === undefined ? "create" : "update",
    id,
    setLevel: isOwn && level === wanted ? null : wanted,
    changes: id === null ? diffSchemas(latest?.avro ?? null, avro) : [],
    problems: id === null ? await problemsOf(registry, { subject, avro, versions, wanted }) : [],
  };
}

async function registeredId(
  registry: Registry,
  of: { readonly subject: string; readonly avro: unknown },
): Promise<number | null> {
  try {
    return await registry.idOf(of.subject, of.avro);
  } catch (error) {
    if (error instanceof SchemaError && error.code === "SCHEMA_UNKNOWN") return null;
    throw error;
  }
}

async function problemsOf(
  registry: Registry,
  of: {
    readonly subject: string;
    readonly avro: unknown;
    readonly versions: readonly RegisteredSchema[];
    readonly wanted: CompatibilityLevel;
  },
): Promise<readonly string[]> {
  const own = of.versions.flatMap((version) => problemsWith(version, of));
  if (own.length > 0 || of.versions.length === 0) return own;
  const { accepted, messages } = await registry.accepts(of.subject, of.avro);
  if (accepted) return [];
  return messages.length > 0 ? messages : ["the registry calls it incompatible"];
}

/** The registry judges under the level it has now; this one under the level that the push will set first. */
function problemsWith(
  { version, avro: earlier }: RegisteredSchema,
  of: { readonly avro: unknown; readonly wanted: CompatibilityLevel },
): readonly string[] {
  const forward = of.wanted === "FULL_TRANSITIVE" ? readProblems(earlier, of.avro) : [];
  return [
    ...readProblems(of.avro, earlier).map((problem) => `against version ${version}: ${problem}`),
    ...forward.map((problem) => `read as version ${version}: ${problem}`),
  ];
}

function incompatible(steps: readonly PushStep[]): SchemaError {
  const problems = steps.flatMap(({ subject, problems: details }) =>
    details.map((detail) => ({ pointer: `/${subject}`, detail })),
  );
  const lines = problems.map(({ pointer, detail }) => `\n  ${pointer.slice(1)}: ${detail}`);
  const message = `schemas cannot be registered:${lines.join("")}`;
  return new SchemaError("SCHEMA_INCOMPATIBLE", message, { problems });
}
