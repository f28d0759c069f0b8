/**
 * What of a configuration decides which requests a replay sends, by name, so that it can be said later what of it is another.
 * Digests, since a plan is a file that is passed around. Rate, concurrency, retries and credentials are not among it: they may
 * be changed for a replay.
 */
import { createHash } from "node:crypto";
import type { TargetConfig } from "@millrace/config";

/** Digests by the name of what they are of. */
export type PlanBasis = Readonly<Record<string, string>>;

/** Where a plan is of. */
export interface PlanPlace {
  readonly namespace: string;
  readonly clusterId: string;
}

/** The revision of filter, request and schemas, and what it and the rest was made of. */
export interface PlannedConfig {
  readonly mappingRevision: string;
  readonly basis: PlanBasis;
}

const MAPPING = /^(?:filter|module|request\..*)$/u;

/** What a target is planned with. */
export function plannedConfig(target: TargetConfig, place: PlanPlace): PlannedConfig {
  const { source, topics, order, onDeadLetter, onConflict, answers, input, idempotency } = target;
  const { header, format } = idempotency;
  const parts = {
    ...{ cluster: place.clusterId, namespace: place.namespace },
    ...{ topics, order, onDeadLetter, onConflict, answers, input },
    ...{ idempotency: { header, format }, filter: source.filter, module: source.module },
    ...requestParts(source.request),
  };
  const digests = Object.entries(parts).map(([name, part]) => [name, digestOf(part)] as const);
  return { mappingRevision: target.mappingRevision, basis: Object.fromEntries(digests) };
}

/**
 * Names of what is another now. Filter and request are the same as long as the mapping revision is: the order of headers
 * does not count. Where only the revision differs, it is the schemas of the target's events.
 */
export function changedParts(before: PlannedConfig, now: PlannedConfig): readonly string[] {
  const names = [...new Set([...Object.keys(before.basis), ...Object.keys(now.basis)])];
  const differing = names.filter((name) => before.basis[name] !== now.basis[name]);
  const others = differing.filter((name) => !MAPPING.test(name));
  if (before.mappingRevision === now.mappingRevision) return others;
  const mapping = differing.filter((name) => MAPPING.test(name));
  return [...others, ...(mapping.length > 0 ? mapping : ["the schemas of its events"])];
}

function requestParts(request: unknown): Readonly<Record<string, unknown>> {
  if (typeof request !== "object" || request === null) return {};
  const entries: readonly (readonly [string, unknown])[] = Object.entries(request);
  const parts = entries.filter(([name]) => name !== "timeout");
  return Object.fromEntries(parts.map(([name, part]) => [`request.${name}`, part]));
}

function digestOf(part: unknown): string {
  return createHash("sha256").update(JSON.stringify(part)).digest("hex").slice(0, 16);
}
