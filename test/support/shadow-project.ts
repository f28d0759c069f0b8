/** A topic of flights, and two configurations of a target that nobody may call. */
import { writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { createProject, type CommandResult, type Project } from "./cli-command.ts";

/** What JSON objects are. */
export type Json = Readonly<Record<string, unknown>>;

/** The types of events about flights. */
export const FLIGHT_TYPES: readonly string[] = [
  "flights.FlightDeparted",
  "flights.FlightArrived",
  "flights.FlightCancelled",
];

/** Where the schema of a type stands. */
export const avscOf = (type: string): string =>
  fileURLToPath(new URL(`../../schemas/${type.replace(".", "/")}.avsc`, import.meta.url));

/** A report, as far as tests look at it. */
export interface ShadowReport {
  readonly records: number;
  readonly unchanged: Json;
  readonly changed: Json;
  readonly ranges: readonly Json[];
  readonly items: readonly {
    readonly change: string;
    readonly text: string;
    readonly count: number;
    readonly samples: readonly {
      readonly partition: number;
      readonly offset: string;
      readonly before: Json;
      readonly after: Json;
    }[];
  }[];
}

/** A target that counts who connects, and answers nobody. */
export interface SilentTarget {
  readonly url: string;
  readonly connectionCount: () => number;
  /** Connects, to show that it would have been counted. */
  readonly connect: () => Promise<void>;
}

/** The project. */
export interface ShadowProject extends Project {
  readonly target: SilentTarget;
  /** Writes `new.yaml`: the target as in `millrace.yaml`, and this laid over it. */
  readonly change: (target: Json, catalog?: string) => void;
  /** Writes a catalogue of the flights. */
  readonly writeCatalog: (name: string, schemaOf: (type: string) => string) => void;
  /** Runs `millrace replay shadow` of the two. */
  readonly shadow: (...args: readonly string[]) => Promise<CommandResult>;
}

/** The call that the configuration in force makes of a flight. */
export const FLIGHT_BODY: Json = {
  what: "= event.type",
  tailNumber: "= event.data.tailNumber",
  carrier: "= event.data.carrier",
  flight: "= event.data.flight",
};

/** Makes a project with topics, ready to emit to. */
export async function createShadowProject(): Promise<ShadowProject> {
  const project = createProject();
  const { namespace, flights, path, run } = project;
  const target = await silentTarget();
  const request = { method: "POST", url: `${target.url}/v1/board`, body: FLIGHT_BODY };
  const write = (name: string, catalog: string, laidOver: Json): void => {
    const standard = { topics: [flights], startAt: "earliest", request };
    const targets = { "board-api": { ...standard, ...laidOver } };
    const config = { apiVersion: "millrace/v1", namespace, catalog, targets };
    writeFileSync(path(name), JSON.stringify(config));
  };
  const writeCatalog: ShadowProject["writeCatalog"] = (name, schemaOf) => {
    const events = FLIGHT_TYPES.map((type) => {
      return [type, { topic: flights, schema: schemaOf(type), owner: "test" }] as const;
    });
    const topics = { [flights]: { partitions: 6, retention: "forever", key: "tailNumber" } };
    const catalog = { apiVersion: "millrace/v1", topics, events: Object.fromEntries(events) };
    writeFileSync(path(name), JSON.stringify(catalog));
  };
  writeCatalog("catalog.yaml", avscOf);
  write("millrace.yaml", "./catalog.yaml", {});
  const { code, stderr } = await run(["init"]);
  if (code !== 0) throw new Error(`millrace init: ${stderr}`);
  return {
    ...project,
    ...{ target, writeCatalog },
    change: (laidOver, catalog = "./catalog.yaml") => write("new.yaml", catalog, laidOver),
    shadow: (...args) =>
      run(["replay", "shadow", "--config", "new.yaml", "--target", "board-api", ...args]),
  };
}

/** A report from what was printed. */
export function shadowReport(stdout: string): ShadowReport {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the command's output contract
  return JSON.parse(stdout) as ShadowReport;
}

async function silentTarget(): Promise<SilentTarget> {
  let connectionCount = 0;
  const server = createServer((socket) => {
    connectionCount += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- it listens on a port
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    connectionCount: () => connectionCount,
    connect: () =>
      new Promise<void>((resolve) => {
        const socket = connect(port, "127.0.0.1").on("error", () => undefined);
        socket.on("close", () => resolve());
      }),
  };
}
