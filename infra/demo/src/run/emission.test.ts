import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { NewEvent } from "../scene/scene.ts";
import { parseLines, type AcknowledgedEvent } from "../verdict/records.ts";
import { emitEvents } from "./emission.ts";

let folder = "";
const servers: Server[] = [];
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "millrace-emission-"))));
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
  rmSync(folder, { recursive: true });
});

const EVENTS: readonly NewEvent[] = Array.from({ length: 40 }, (_, index) => ({
  id: `e${index + 1}`,
  source: "urn:test",
  type: "users.Changed",
  key: "a",
  data: { n: index + 1 },
}));

interface Sent {
  readonly id: string;
}

/** A gateway that answers the given statuses first, then acknowledges everything. */
async function gateway(...statuses: number[]) {
  const bodies: Sent[][] = [];
  let offset = 0;
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const status = statuses.shift() ?? 202;
      // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- what emission.ts sends
      const parsed = JSON.parse(body) as Sent | { events: Sent[] };
      const sent = "events" in parsed ? parsed.events : [parsed];
      bodies.push(sent);
      const accepted = sent.map(({ id }) => ({
        id,
        topic: "t",
        partition: 0,
        offset: `${offset++}`,
      }));
      response.writeHead(status, { "content-type": "application/json" });
      response.end(status === 202 ? JSON.stringify({ accepted }) : '{"title":"no"}');
    });
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, bodies };
}

function setup(gatewayUrl: string, overrides: Partial<Parameters<typeof emitEvents>[1]> = {}) {
  const recordPath = join(folder, "acknowledged.ndjson");
  let acknowledged = 0;
  const options = {
    gatewayUrl,
    recordPath,
    rate: 1_000_000,
    signal: new AbortController().signal,
    onAcknowledged: (count: number) => (acknowledged += count),
    gate: () => Promise.resolve(),
    ...overrides,
  };
  const recorded = (): AcknowledgedEvent[] => parseLines(readFileSync(recordPath, "utf8"));
  return { emit: () => emitEvents(EVENTS, options), recorded, count: () => acknowledged };
}

it("sends every event once, in order, in both forms, and records each with its place", async () => {
  const { url, bodies } = await gateway();
  const { emit, recorded, count } = setup(url);

  await emit();

  expect(bodies.flat().map(({ id }) => id)).toEqual(EVENTS.map(({ id }) => id));
  expect(new Set(bodies.map(({ length }) => length === 1))).toEqual(new Set([true, false]));
  expect(recorded().map(({ seq, id, offset, tries }) => [seq, id, offset, tries])).toEqual(
    EVENTS.map(({ id }, index) => [index + 1, id, index, 1]),
  );
  expect(count()).toBe(40);
});

it("sends the same events again after a refusal, and records how often", async () => {
  const { url, bodies } = await gateway(503, 429);
  const { emit, recorded } = setup(url);

  await emit();

  expect(bodies.slice(0, 3).map(([first]) => first?.id)).toEqual(["e1", "e1", "e1"]);
  expect(recorded()[0]).toMatchObject({ id: "e1", tries: 3 });
});

it("gives up with the answer when an event is refused for good", async () => {
  const { url } = await gateway(202, 400);
  const { emit, recorded } = setup(url);

  await expect(emit()).rejects.toThrow(/gateway answered 400: \{"title":"no"\}/u);

  expect(recorded()).toHaveLength(1);
});

it("holds events back until their gate opens, and stops when it is told to", async () => {
  const { url, bodies } = await gateway();
  const interrupted = new AbortController();
  const gate = (index: number): Promise<void> => {
    if (index >= 17) interrupted.abort(new Error("interrupted"));
    return Promise.resolve();
  };
  const { emit } = setup(url, { signal: interrupted.signal, gate });

  await expect(emit()).rejects.toThrow("interrupted");

  expect(bodies.flat()).toHaveLength(17);
});
