import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { readContracts } from "./contracts.ts";

it("reads a configuration without the secrets of its targets", async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-gateway-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const configPath = join(folder, "millrace.yaml");
  const target = {
    topics: ["users"],
    startAt: "latest",
    request: { url: "https://${env:CRM_HOST}/events" },
    auth: { type: "bearer", token: `\${file:${join(folder, "no-such-token")}}` },
  };
  const kafka = { brokers: ["broker:9092"] };
  const file = { apiVersion: "millrace/v1", kafka, targets: { crm: target } };
  await writeFile(configPath, JSON.stringify(file));

  const { connection, catalog } = await readContracts({ configPath, catalogPath: null }, {});

  expect(connection).toMatchObject({ brokers: ["broker:9092"], clientId: "millrace-gateway" });
  expect(catalog.topics.has("users")).toBe(true);
});
