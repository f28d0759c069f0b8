import { describe, expect, test } from "vitest";
import { memoryFiles } from "../test/memory-files.ts";
import type { ServersConfig } from "./config.ts";
import { loadServers } from "./load-servers.ts";

const PATH = "conf/millrace.yaml";

async function load(lines: readonly string[], files: object = {}): Promise<ServersConfig> {
  const text = ["apiVersion: millrace/v1", ...lines].join("\n");
  return await loadServers(PATH, { env: {}, files: memoryFiles({ ...files, [PATH]: text }) });
}

const TARGETS = [
  'include: ["${env:NOPE}/*.yaml"]',
  "targets:",
  "  crm:",
  "    topics: [users]",
  "    startAt: latest",
  '    request: { url: "${env:NOPE}/x" }',
  '    auth: { type: bearer, token: "${file:/run/secrets/nope}" }',
];

describe("the servers of a configuration", () => {
  test("are had without what only its targets need", async () => {
    const kafka =
      'kafka: { brokers: ["b:1"], sasl: { mechanism: plain, username: u, password: p } }';

    const servers = await load([kafka, ...TARGETS]);

    expect(servers).toMatchObject({
      namespace: "millrace",
      kafka: { brokers: ["b:1"], sasl: { password: "p" } },
      registry: { url: "http://127.0.0.1:8081/apis/ccompat/v7" },
    });
    expect(servers.catalog.topics.has("users")).toBe(true);
  });

  test("read their own secrets, and mask them", async () => {
    const registry = [
      'registry: { auth: { type: basic, username: u, password: "${file:registry-password}" } }',
    ];
    const files = { "conf/registry-password": "S3CR3T\n" };

    const { registry: found, secrets } = await load([...registry, ...TARGETS], files);

    expect(found.auth).toMatchObject({ password: "S3CR3T" });
    expect(secrets.maskText("password S3CR3T")).toBe("password ***");
    await expect(load([...registry, ...TARGETS])).rejects.toThrow(
      "registry.auth.password: file registry-password cannot be read (ENOENT)",
    );
  });

  test.each([
    ["broken YAML", ["kafka: {"], "broken YAML"],
    ["a root key that is not known", ["kafak: {}"], "kafak: unknown key"],
    ["a broker without a port", ["kafka: { brokers: [b] }"], '"b" is no host:port'],
    ["a catalog that is not there", ["catalog: nope.yaml"], "nope.yaml"],
  ])("are refused for %s", async (_, lines, message) => {
    await expect(load(lines)).rejects.toThrow(message);
    await expect(load(lines)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });

  test("are refused where there is no file", async () => {
    await expect(loadServers(PATH, { files: memoryFiles({}) })).rejects.toMatchObject({
      code: "CONFIG_MISSING",
    });
  });
});
