import { DataPointType, type MetricData } from "@opentelemetry/sdk-metrics";
import { describe, expect, it } from "vitest";
import { Tallies } from "./tallies.ts";

const SCOPE = { name: "test", version: "1" };

async function metricsOf(tallies: Tallies): Promise<readonly MetricData[]> {
  const { resourceMetrics } = await tallies.collect();
  const [scope] = resourceMetrics.scopeMetrics;
  expect(scope?.scope).toEqual(SCOPE);
  return scope?.metrics ?? [];
}

const pointsOf = (metric: MetricData | undefined) =>
  (metric?.dataPoints ?? []).map(({ attributes, value }) => ({ attributes, value }));

describe("tallies", () => {
  it("add up by labels, whichever object they come in and in whatever order", async () => {
    const tallies = new Tallies(SCOPE);
    const counter = tallies.counter("calls", "calls made");
    const labels = { target: "crm", outcome: "ok" };

    counter.add(1, labels);
    counter.add(2, labels);
    counter.add(4, { outcome: "ok", target: "crm" });
    counter.add(8, { target: "audit" });
    counter.add(16);

    const [metric] = await metricsOf(tallies);
    expect(metric).toMatchObject({
      ...{ dataPointType: DataPointType.SUM, isMonotonic: true },
      descriptor: { name: "calls", description: "calls made" },
    });
    expect(pointsOf(metric)).toEqual([
      { attributes: { target: "crm", outcome: "ok" }, value: 7 },
      { attributes: { target: "audit" }, value: 8 },
      { attributes: {}, value: 16 },
    ]);
  });

  it("count values up to and with a bucket's bound, and those beyond all of them", async () => {
    const tallies = new Tallies(SCOPE);
    const histogram = tallies.histogram("age", "age in s", [0.5, 1]);

    for (const value of [0, 0.5, 0.75, 1, 1.5]) histogram.record(value, { target: "crm" });

    expect(pointsOf((await metricsOf(tallies))[0])).toEqual([
      {
        attributes: { target: "crm" },
        value: { buckets: { boundaries: [0.5, 1], counts: [2, 2, 1] }, sum: 3.75, count: 5 },
      },
    ]);
  });

  it("leave out what cannot be measured", async () => {
    const tallies = new Tallies(SCOPE);
    const counter = tallies.counter("calls", "");
    const histogram = tallies.histogram("age", "", [1]);

    for (const value of [-1, NaN]) {
      counter.add(value);
      histogram.record(value);
    }

    expect((await metricsOf(tallies)).map(pointsOf)).toEqual([[], []]);
  });

  it("tell what comes beyond two thousand combinations of labels together", async () => {
    const tallies = new Tallies(SCOPE);
    const counter = tallies.counter("calls", "");

    for (let key = 0; key < 2_500; key += 1) counter.add(1, { key });

    const points = pointsOf((await metricsOf(tallies))[0]);
    expect(points).toHaveLength(2_000);
    expect(points.at(-1)).toEqual({ attributes: { "otel.metric.overflow": "true" }, value: 501 });
  });
});
