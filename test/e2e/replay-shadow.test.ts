import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import avsc from "avsc";
import { Kafka, logLevel } from "kafkajs";
import { describe, expect, it } from "vitest";
import { itemsOf, millrace } from "../support/cli-command.ts";
import { deleteRecords } from "../support/delete-records.ts";
import { createWorld } from "../support/delivery-world.ts";
import { readRaw, writeRaw, type RawRecord } from "../support/raw-topic.ts";
import {
  avscOf,
  createShadowProject,
  FLIGHT_BODY,
  FLIGHT_TYPES,
  shadowReport,
  type Json,
  type ShadowProject,
  type ShadowReport,
} from "../support/shadow-project.ts";

const BROKERS = (process.env["KAFKA_BROKERS"] ?? "").split(",");
const FLIGHTS = fileURLToPath(
  new URL("../../infra/examples/flights/flights-2013-01.ndjson.gz", import.meta.url),
);
const FLIGHT_COUNT = 53_247;

interface Flight {
  readonly type: string;
  readonly tailNumber: string;
  readonly carrier: string;
  readonly flight: number;
  readonly destination: string;
  readonly departureDelayMinutes?: number;
}

/** Nobody for Miami; United by its name; who is late; and a mistake that flight 1 alone runs into. */
const CHANGE = {
  filter: "event.data.destination != 'MIA'",
  body: {
    ...FLIGHT_BODY,
    carrier:
      "= event.data.flight == 1 ? string(1 / (event.data.flight - 1)) : " +
      "event.data.carrier == 'UA' ? 'United' : event.data.carrier",
    late: "= event.data.?departureDelayMinutes.orValue(0) > 60 ? true : omit()",
  },
};

interface Outcomes {
  readonly before: Json;
  readonly after: Json | "filtered" | "undeliverable";
}

/** What both mappings make of a flight: the same once more, without them. */
function outcomesOf(flight: Flight): Outcomes {
  const { type: what, tailNumber, carrier, flight: number, destination } = flight;
  const before = { what, tailNumber, carrier, flight: number };
  if (destination === "MIA") return { before, after: "filtered" };
  if (number === 1) return { before, after: "undeliverable" };
  const late = (flight.departureDelayMinutes ?? 0) > 60 ? { late: true } : {};
  return { before, after: { ...before, carrier: carrier === "UA" ? "United" : carrier, ...late } };
}

/** The shape of a change; null where there is none. */
function shapeOf({ before, after }: Outcomes): string | null {
  if (after === "filtered" || after === "undeliverable") return `sent -> ${after}`;
  const late = "late" in after ? ["+ /late"] : [];
  const carrier = after["carrier"] === before["carrier"] ? [] : ["~ /carrier"];
  const places = [...late, ...carrier];
  return places.length === 0 ? null : `body: ${places.join(", ")}`;
}

/** Records as avsc reads them, by place. */
async function flightsIn(topic: string): Promise<ReadonlyMap<string, Flight>> {
  const schemas = new Map(
    FLIGHT_TYPES.map((type) => {
      const schema: unknown = JSON.parse(readFileSync(avscOf(type), "utf8"));
      // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- a schema of the catalogue
      return [type, avsc.Type.forSchema(schema as avsc.Schema)];
    }),
  );
  const flightOf = ({ headers, value }: RawRecord): Flight => {
    const type = headers["ce_type"] ?? "";
    const data: unknown = schemas.get(type)?.fromBuffer((value ?? Buffer.alloc(0)).subarray(5));
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- as its schema says
    return { type, ...(data as Omit<Flight, "type">) };
  };
  const records = await readRaw(BROKERS, topic);
  return new Map(records.map((one) => [`${one.partition}:${one.offset}`, flightOf(one)]));
}

/** What a report shows, by place. */
function shownIn({ items }: ShadowReport): ReadonlyMap<string, Outcomes> {
  const made = ({ outcome, body }: Json): unknown =>
    outcome === "sent" ? JSON.parse(String(body)) : outcome;
  const entries = items.flatMap(({ samples }) =>
    samples.map(({ partition, offset, before, after }) => {
      const outcomes = { before: made(before), after: made(after) };
      // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the command's output contract
      return [`${partition}:${offset}`, outcomes as Outcomes] as const;
    }),
  );
  expect(new Map(entries).size).toBe(entries.length);
  return new Map(entries);
}

function counted(texts: readonly (string | null)[]): ReadonlyMap<string, number> {
  const groups = Map.groupBy(
    texts.filter((text) => text !== null),
    (text) => text,
  );
  return new Map([...groups].map(([text, same]) => [text, same.length]));
}

/** A report's shapes; a failed mapping's has its reason, which is for people. */
function shapesIn({ items }: ShadowReport): ReadonlyMap<string, number> {
  return new Map(
    items.map(({ text, count }) => [text.replace(/MAPPING_FAILED: .*$/u, "undeliverable"), count]),
  );
}

async function groupIds(): Promise<readonly string[]> {
  const admin = new Kafka({ brokers: BROKERS, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const { groups } = await admin.listGroups();
  await admin.disconnect();
  return groups.map(({ groupId }) => groupId);
}

const departure = (flight: number): Json => ({
  ...{ type: "FlightDeparted", time: "2013-01-01T10:17:00Z", tailNumber: "N14228" },
  ...{ carrier: "UA", flight, origin: "EWR", destination: "IAH", departureDelayMinutes: 2 },
});

/** Emits departures of one aircraft, flights 100, 101 and so on; resolves to their partition. */
async function emitDepartures({ run }: ShadowProject, count: number): Promise<number> {
  const lines = Array.from({ length: count }, (_, index) => JSON.stringify(departure(100 + index)));
  const input = lines.join("\n");
  const { stdout } = await run(["emit", "--file", "-", "-o", "ndjson"], { input });
  const partitions = new Set(itemsOf(stdout).map(({ partition }) => Number(partition)));
  expect(partitions.size).toBe(1);
  return [...partitions][0] ?? -1;
}

const bodyOf = (project: ShadowProject, body: Json): Json => ({
  request: { method: "POST", url: `${project.target.url}/v1/board`, body },
});

describe("millrace replay shadow", () => {
  it("shows exactly the requests of 53,247 flights that a changed configuration changes, and calls nobody", async () => {
    const project = await createShadowProject();
    const { filter, body } = CHANGE;
    project.change({ filter, ...bodyOf(project, body) });
    await project.run(["emit", "--file", FLIGHTS, "--source", "urn:flights", "-q", "-o", "ndjson"]);

    const range = ["--from", "earliest", "--samples", String(FLIGHT_COUNT)];
    const { code, stdout, stderr } = await project.shadow(...range, "-o", "json");

    // Directly: the records as kafkajs and avsc read them, and what the mappings say written down once more.
    const report = shadowReport(stdout);
    const flights = await flightsIn(project.flights);
    const all = [...flights].map(([place, flight]) => ({ place, ...outcomesOf(flight) }));
    const changed = all.filter((one) => shapeOf(one) !== null);
    const expected = changed.map(({ place, before, after }) => [place, { before, after }] as const);
    expect(changed.length).toBeGreaterThan(10_000);
    expect(shownIn(report)).toEqual(new Map(expected));
    expect(shapesIn(report)).toEqual(counted(all.map(shapeOf)));
    expect(report).toMatchObject({
      records: FLIGHT_COUNT,
      unchanged: { sent: FLIGHT_COUNT - changed.length, filtered: 0, undeliverable: 0 },
    });
    // And once more without Kafka: the file that was emitted has the same changes.
    const lines = gunzipSync(readFileSync(FLIGHTS)).toString().trimEnd().split("\n");
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- as the file's README says
    const emitted = lines.map((line) => outcomesOf(JSON.parse(line) as Flight));
    expect(shapesIn(report)).toEqual(counted(emitted.map(shapeOf)));

    expect(code).toBe(3);
    expect(stderr).toContain("records cannot be sent any more with new.yaml");
    expect(stderr).not.toContain("\r");
    expect(project.target.connectionCount()).toBe(0);
    await project.target.connect();
    expect(project.target.connectionCount()).toBe(1);
    expect((await groupIds()).filter((id) => id.startsWith(project.namespace))).toEqual([]);
  });

  it("takes a range in the position grammar, and shows it as text and as NDJSON", async () => {
    const project = await createShadowProject();
    project.change(bodyOf(project, { ...FLIGHT_BODY, carrier: "United" }));
    const partition = await emitDepartures(project, 6);
    const range = ["--from", `${partition}:2`, "--to", `${partition}:5`];

    const ndjson = await project.shadow(...range, "-o", "ndjson");
    const text = await project.shadow(...range, "--samples", "1");
    const beyond = await project.shadow(
      "--from",
      `${partition}:4`,
      "--to",
      `${partition}:99`,
      "-o",
      "json",
    );
    const empty = await project.shadow("--from", "latest", "-o", "json");

    expect(ndjson.code).toBe(0);
    expect(itemsOf(ndjson.stdout)).toMatchObject([
      {
        ...{ change: "request-changed", text: "body: ~ /carrier", count: 3 },
        samples: [{ offset: "2" }, { offset: "3" }, { offset: "4" }],
      },
    ]);
    expect(text.stdout.split("\n").slice(0, 2)).toEqual([
      "3  request-changed  body: ~ /carrier",
      expect.stringMatching(`^ {2}${project.flights}:${partition}:2  flights.FlightDeparted  `),
    ]);
    expect(text.stdout).toContain('  -   "carrier": "UA",\n  +   "carrier": "United",\n');
    expect(text.stderr).toContain("3 records for board-api: 3 change, 0 do not");
    expect(shadowReport(beyond.stdout).ranges).toMatchObject([{ partition, from: "4", to: "6" }]);
    expect(shadowReport(empty.stdout)).toMatchObject({ records: 0, ranges: [], items: [] });
  });

  it("says what retention has cut of its range, and compares what is left only where that is wanted", async () => {
    const project = await createShadowProject();
    project.change(bodyOf(project, { ...FLIGHT_BODY, carrier: "United" }));
    const partition = await emitDepartures(project, 6);
    await deleteRecords(BROKERS, { topic: project.flights, partition, before: 4 });
    const range = ["--from", `${partition}:1`, "-o", "json"];

    const unasked = await project.shadow(...range);
    const rest = await project.shadow(...range, "--yes");

    const gone = `3 records of the range are gone from the log (${project.flights}:${partition}: 3)`;
    expect(unasked).toMatchObject({ code: 5, stdout: "" });
    expect(unasked.stderr).toContain(`${gone}. Compare what is left? Nobody can be asked here.`);
    expect(rest.code).toBe(0);
    expect(rest.stderr).toContain(gone);
    expect(JSON.parse(rest.stdout)).toMatchObject({
      ...{ records: 2, ranges: [{ partition, from: "4", to: "6" }] },
      gone: [{ topic: project.flights, partition, from: "1", to: "4", isExact: true }],
    });
  });

  it("runs a changed schema that nobody has registered, and accounts for what is no event", async () => {
    const project = await createShadowProject();
    await emitDepartures(project, 5);
    await writeRaw(BROKERS, project.flights, [{ key: "k", value: "no event" }]);
    const gateField = '"fields": [ { "name": "gate", "type": "string", "default": "unknown" },';
    const schema = readFileSync(avscOf("flights.FlightDeparted"), "utf8");
    writeFileSync(project.path("departed.avsc"), schema.replace(/"fields": *\[/u, gateField));
    project.writeCatalog("new-catalog.yaml", (type) =>
      type === "flights.FlightDeparted" ? "departed.avsc" : avscOf(type),
    );
    const gate = { gate: "= event.data.?gate.orValue(null)" };
    project.change(bodyOf(project, { ...FLIGHT_BODY, ...gate }), "./new-catalog.yaml");

    const { stdout } = await project.shadow("--from", "earliest", "-o", "json");

    expect(shadowReport(stdout)).toMatchObject({
      ...{ records: 6, unchanged: { sent: 0, filtered: 0, undeliverable: 1 } },
      items: [{ text: "body: + /gate", count: 5 }],
    });
    expect(shadowReport(stdout).items[0]?.samples[0]?.after["body"]).toContain('"gate":"unknown"');
  });

  it("says beforehand what a delivery process sends under the changed configuration", async () => {
    const world = await createWorld({ apis: { crm: {} }, partitions: 2 });
    await world.emitUpdates(60, 10);
    const changed = join(world.folder, "changed.yaml");
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the world's own file
    const config = JSON.parse(readFileSync(world.configPath, "utf8")) as {
      readonly targets: { readonly crm: { readonly request: Json } };
    };
    const { crm } = config.targets;
    const body = { userId: "= event.data.userId", who: "= event.data.?display_name.orValue('')" };
    const targets = { crm: { ...crm, request: { ...crm.request, body } } };
    writeFileSync(changed, JSON.stringify({ ...config, targets }));
    const args = ["--against", world.configPath, "--target", "crm", "--from", "earliest"];
    const command = ["replay", "shadow", "-c", changed, ...args, "--samples", "60", "-o", "json"];

    const masked = await millrace(command);
    const shown = await millrace([...command, "--unmask"]);
    await world.deliver("-c", changed);
    await world.untilEffects("crm", 60);

    const samples = shadowReport(shown.stdout).items.flatMap((item) => item.samples);
    const foretold = samples.map(({ partition, offset, after }) => {
      return `${world.topic}/${partition}/${offset} ${String(after["body"])}`;
    });
    const arrived = world.arrivals("crm").map((one) => `${String(one.position)} ${one.body}`);
    expect(foretold).toHaveLength(60);
    expect(arrived.sort()).toEqual(foretold.sort());
    expect(masked.stdout).not.toContain("Name 7");
    expect(masked.stdout).toContain('\\"who\\":\\"***\\"');
  });

  it("says what is wrong with a command, and what to do", async () => {
    const project = await createShadowProject();
    project.change({});
    const [target, from] = [
      ["--target", "board-api"],
      ["--from", "earliest"],
    ] as const;
    const changed = ["-c", "new.yaml"];
    const cases = [
      [[...target, ...from], 2, "name the changed configuration"],
      [["-c", "millrace.yaml", ...target, ...from], 2, "with itself"],
      [[...changed, "--target", "bord-api", ...from], 4, "did you mean board-api"],
      [[...changed, ...target], 2, "--from"],
      [[...changed, ...target, "--from", "noon"], 2, "no position"],
      [[...changed, ...target, "--from", "9:0"], 4, "has no partition 9"],
      [[...changed, ...target, "--from", "0:9"], 4, "has no offset 9"],
      [[...changed, ...target, ...from, "--topic", "users"], 4, "does not read topic users"],
      [[...changed, "--against", "no.yaml", ...target, ...from], 4, "no.yaml"],
    ] as const;

    for (const [args, expected, why] of cases) {
      const { code, stdout, stderr } = await project.run(["replay", "shadow", ...args]);

      expect(stderr).toContain(why);
      expect({ args, code, stdout }).toEqual({ args, code: expected, stdout: "" });
    }
    rmSync(project.path("millrace.yaml"));
    const { code, stderr } = await project.shadow(...from);
    expect(code).toBe(4);
    expect(stderr).toContain("--against FILE");
  });
});
