import { expect, it } from "vitest";
import { createSampling } from "./sampling.ts";

const LOW = `${"a".repeat(24)}00000001`;
const HIGH = `${"a".repeat(24)}fffffffe`;
const parent = (isSampled: boolean) => ({ traceId: LOW, spanId: "b".repeat(16), isSampled });

it("follows the parent and samples new traces by default", () => {
  const sampling = createSampling({});

  expect(sampling(null, LOW)).toBe(true);
  expect(sampling(parent(false), LOW)).toBe(false);
  expect(sampling(parent(true), LOW)).toBe(true);
});

it("ignores the parent under a sampler that is not parent-based", () => {
  expect(createSampling({ OTEL_TRACES_SAMPLER: "always_off" })(parent(true), LOW)).toBe(false);
  expect(createSampling({ OTEL_TRACES_SAMPLER: "always_on" })(parent(false), LOW)).toBe(true);
});

it("splits new traces by their ids under a ratio", () => {
  const env = { OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.5" };
  const sampling = createSampling(env);

  expect(sampling(null, LOW)).toBe(true);
  expect(sampling(null, HIGH)).toBe(false);
  expect(sampling(parent(true), HIGH)).toBe(true);
});

it.each(["", "2", "much"])("samples everything under the senseless ratio '%s'", (argument) => {
  const env = { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: argument };

  expect(createSampling(env)(null, HIGH)).toBe(true);
});

it("falls back to the default for a sampler it does not know", () => {
  const sampling = createSampling({ OTEL_TRACES_SAMPLER: "jaeger_remote" });

  expect(sampling(parent(false), LOW)).toBe(false);
  expect(sampling(null, HIGH)).toBe(true);
});
