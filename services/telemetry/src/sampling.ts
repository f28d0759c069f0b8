import type { TraceParent } from "./trace-context.ts";

/** A trace, and whether it is sampled. */
export type SampledTrace = Pick<TraceParent, "isSampled" | "traceId">;

/** Whether a new span is sampled, by its parent (null: a new trace) and its trace id. */
export type Sampling = (parent: SampledTrace | null, traceId: string) => boolean;

/**
 * The sampler that `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` name, for spans that nobody exports; the default
 * is `parentbased_always_on`, and so is what is not understood.
 * Source: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export function createSampling(env: Readonly<Record<string, string | undefined>>): Sampling {
  const name = env["OTEL_TRACES_SAMPLER"] ?? "";
  const root = rootSampling(name.replace(/^parentbased_/u, ""), env["OTEL_TRACES_SAMPLER_ARG"]);
  const heedsParent = name.startsWith("parentbased_") || !KNOWN.has(name);
  return (parent, traceId) => (heedsParent && parent !== null ? parent.isSampled : root(traceId));
}

const KNOWN = new Set(["always_on", "always_off", "traceidratio"]);

function rootSampling(name: string, argument: string | undefined): (traceId: string) => boolean {
  if (name === "always_off") return () => false;
  if (name !== "traceidratio") return () => true;
  const ratio = argument === undefined || argument.trim() === "" ? NaN : Number(argument);
  if (!(ratio >= 0 && ratio <= 1)) return () => true;
  // The low 32 bits are as random as the rest, and a number holds them exactly.
  return (traceId) => Number.parseInt(traceId.slice(-8), 16) < ratio * 2 ** 32;
}
