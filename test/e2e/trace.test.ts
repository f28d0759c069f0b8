import { freePort } from "@millrace/local";
import { expect, it, onTestFinished } from "vitest";
import { createWorld } from "../support/delivery-world.ts";
import { startMillrace, untilAnswers } from "../support/millrace-process.ts";
import { readRaw } from "../support/raw-topic.ts";
import { startSpanCollector } from "../support/span-collector.ts";
import { until } from "../support/until.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const CALLER_SPAN = "b7ad6b7169203331";

it("a caller's trace goes through gateway, Kafka and delivery to the target, in one parent chain", async () => {
  const collector = await startSpanCollector();
  const world = await createWorld({ apis: { crm: {} }, env: collector.env });
  const port = await freePort();
  const gatewayUrl = `http://127.0.0.1:${port}`;
  const gateway = startMillrace(
    ["gateway", "-c", world.configPath, "--host", "127.0.0.1", "--port", String(port)],
    { folder: world.folder, name: "gateway", env: collector.env },
  );
  onTestFinished(async () => {
    await gateway.end("SIGKILL");
  });
  await untilAnswers(`${gatewayUrl}/readyz`, gateway);
  await world.deliver();

  const answer = await fetch(`${gatewayUrl}/v1/events`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      traceparent: `00-${TRACE_ID}-${CALLER_SPAN}-01`,
      tracestate: "vendor=1",
    },
    body: JSON.stringify({
      type: "users.ProfileUpdated",
      source: "urn:millrace:test",
      data: { userId: "u1", display_name: "N", email: "n@example.com" },
    }),
  });
  expect(answer.status).toBe(202);
  await world.untilEffects("crm", 1);
  await until(
    "the client's span",
    () => collector.spans.some(({ service, name }) => /deliver/u.test(service) && name === "POST"),
    { seen: () => JSON.stringify(collector.spans.map(({ name }) => name)) },
  );

  const [arrival] = world.arrivals("crm");
  const [record] = await readRaw(world.servers.brokers, world.topic);
  const spans = new Map(collector.spans.map((span) => [span.spanId, span]));
  const chain: string[] = [];
  const [, traceId, clientSpan = ""] = arrival?.traceparent?.split("-") ?? [];
  for (let id = clientSpan; id !== CALLER_SPAN && id !== "";) {
    const span = spans.get(id);
    chain.push(span?.name ?? `missing ${id}`);
    id = span?.parentSpanId ?? "";
  }

  expect(traceId).toBe(TRACE_ID);
  expect(arrival?.idempotencyKey).toMatch(/^[\w-]{32}$/u);
  expect(chain).toEqual([
    "POST",
    `process ${world.topic}`,
    `send ${world.topic}`,
    "POST /v1/events",
  ]);
  expect(record?.headers["traceparent"]?.split("-")[1]).toBe(TRACE_ID);
  expect(record?.headers["tracestate"]).toBe("vendor=1");
  for (const span of collector.spans) expect(span.traceId).toBe(TRACE_ID);
});
