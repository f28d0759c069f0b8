import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createProject, itemsOf, millrace } from "../support/cli-command.ts";

const actionsOf = (stdout: string): Record<string, unknown> =>
  Object.fromEntries(itemsOf(stdout).map(({ name, action }) => [String(name), action]));

describe("millrace init", () => {
  it("shows the plan, does it, and finds all of it the next time", async () => {
    const { run, namespace, users } = createProject();

    const plan = await run(["init", "--dry-run", "-o", "json"]);
    const first = await run(["init", "-o", "json"]);
    const second = await run(["init", "-o", "json"]);

    expect([plan.code, first.code, second.code]).toEqual([0, 0, 0]);
    expect(JSON.parse(plan.stdout)).toMatchObject({ apiVersion: "millrace/v1", kind: "InitPlan" });
    expect(actionsOf(plan.stdout)).toMatchObject({
      [users]: "create",
      [`${namespace}.state`]: "create",
      [`${namespace}.control`]: "create",
      [`${namespace}.deliveries`]: "create",
      [`${namespace}.profile-api.dead`]: "create",
      [`${namespace}.profile-api.parked`]: "create",
      [`${users}-users.ProfileUpdated`]: "create",
      [`${namespace}.deliveries-millrace.journal.Page`]: "create",
    });
    expect(new Set(Object.values(actionsOf(first.stdout)))).toEqual(new Set(["created"]));
    expect(new Set(Object.values(actionsOf(second.stdout)))).toEqual(new Set(["kept"]));
  });

  it("leaves a topic that differs as it is, says how it differs, and ends with 3", async () => {
    const { run, path, users } = createProject();
    await run(["init"]);
    const catalog = readFileSync(path("catalog.yaml"), "utf8");
    writeFileSync(path("catalog.yaml"), catalog.replace('"partitions":3', '"partitions":5'));

    const again = await run(["init", "-o", "json"]);
    const doctor = await run(["doctor", "-o", "json"]);

    expect(again.code).toBe(3);
    expect(again.stderr).toContain(`topic ${users} differs: partitions is 3, not 5`);
    expect(actionsOf(again.stdout)[users]).toBe("differs");
    expect(itemsOf(doctor.stdout).find(({ check }) => check === "topics")).toMatchObject({
      status: "warn",
    });
  });
});

describe("millrace schemas", () => {
  it("pushes once, then keeps, and shows what a change would be", async () => {
    const { run, path, users } = createProject();

    const pushed = await run(["schemas", "push", "-o", "ndjson"]);
    const kept = await run(["schemas", "push", "-o", "ndjson"]);
    const same = await run(["schemas", "diff"]);
    changeSchema(path("catalog.yaml"), path("ProfileUpdated.avsc"), (fields) => [
      ...fields,
      { name: "nickname", type: "string", default: "" },
    ]);
    const diff = await run(["schemas", "diff", "ProfileUpdated", "-o", "ndjson"]);
    const plan = await run(["schemas", "push", "--dry-run", "-o", "ndjson"]);

    const subject = `${users}-users.ProfileUpdated`;
    const actionOf = (stdout: string): unknown =>
      itemsOf(stdout).find((item) => item["subject"] === subject)?.["action"];
    expect([pushed.code, kept.code, same.code, diff.code, plan.code]).toEqual([0, 0, 0, 0, 0]);
    expect([pushed, kept, plan].map(({ stdout }) => actionOf(stdout))).toEqual([
      "create",
      "keep",
      "update",
    ]);
    expect(same).toMatchObject({ stdout: "", stderr: "no differences\n" });
    expect(itemsOf(diff.stdout)).toEqual([
      { subject, version: 1, change: '+ nickname: string = ""' },
    ]);
  });

  it("refuses a schema that cannot read earlier events, with 3, and registers none", async () => {
    const { run, path, users } = createProject();
    await run(["schemas", "push"]);
    changeSchema(path("catalog.yaml"), path("ProfileUpdated.avsc"), (fields) => [
      ...fields,
      { name: "nickname", type: "string" },
    ]);

    const check = await run(["schemas", "check"]);
    const push = await run(["schemas", "push"]);
    const init = await run(["init"]);

    const subject = `${users}-users.ProfileUpdated`;
    expect([check.code, push.code, init.code]).toEqual([3, 3, 3]);
    expect(check.stderr).toContain(`${subject}: against registry version 1:`);
    expect(push.stderr).toContain("none was registered");
    expect(init.stderr).toContain("nothing was created");
  });

  it("writes types, and tells when they are stale", async () => {
    const { run, path } = createProject();
    const out = path("types");

    const written = await run(["schemas", "types", "--out", out]);
    const fresh = await run(["schemas", "types", "--out", out, "--check"]);
    writeFileSync(path("types/event-map.ts"), "");
    const stale = await run(["schemas", "types", "--out", out, "--check"]);

    expect([written.code, fresh.code, stale.code]).toEqual([0, 0, 3]);
    expect(stale.stderr).toContain("event-map.ts: not what the catalogue says");
  });
});

type Fields = readonly Record<string, unknown>[];

/** Puts a changed copy of ProfileUpdated into the catalogue. */
function changeSchema(
  catalogPath: string,
  schemaPath: string,
  change: (fields: Fields) => Fields,
): void {
  const catalog = readFileSync(catalogPath, "utf8");
  const original = /"schema":"([^"]*ProfileUpdated\.avsc)"/u.exec(catalog)?.[1] ?? "";
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- a checked-in schema
  const schema = JSON.parse(readFileSync(original, "utf8")) as { fields: Fields };
  writeFileSync(schemaPath, JSON.stringify({ ...schema, fields: change(schema.fields) }));
  writeFileSync(catalogPath, catalog.replace(original, schemaPath));
}

describe("millrace config", () => {
  it("tells every problem with file and line, offline", async () => {
    const { run, path } = createProject();
    const text = readFileSync(path("millrace.yaml"), "utf8");
    writeFileSync(
      path("broken.yaml"),
      text.replace("startAt: earliest", "startAtt: earliest").replace("params:", "parms:"),
    );

    const servers = { KAFKA_BROKERS: "127.0.0.1:1", SCHEMA_REGISTRY_URL: "http://127.0.0.1:1" };
    const { code, stdout, stderr } = await run(["config", "validate", "broken.yaml"], {
      env: servers,
    });

    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/broken\.yaml:7:\d+ .*startAtt/u);
    expect(stderr).toMatch(/broken\.yaml:12:\d+ .*parms/u);
    expect(stderr).not.toMatch(/^\s+at /mu);
  });

  it("takes a good one, and prints it without its secrets", async () => {
    const { run } = createProject();

    const valid = await run(["config", "validate"]);
    const printed = await run(["config", "print", "-o", "json"]);
    const schema = await run(["config", "schema"]);

    expect([valid.code, printed.code, schema.code]).toEqual([0, 0, 0]);
    expect(valid.stderr).toContain("millrace.yaml: valid");
    expect(printed.stdout).toContain("profile-api");
    expect(printed.stdout).not.toContain("s3cret");
    expect(JSON.parse(schema.stdout)).toMatchObject({
      $schema: "http://json-schema.org/draft-07/schema#",
    });
  });
});

describe("millrace doctor", () => {
  it("finds everything in order after init", async () => {
    const { run } = createProject();
    await run(["init"]);

    const { code, stdout } = await run(["doctor", "-o", "json"]);

    const found = Object.fromEntries(
      itemsOf(stdout).map(({ check, status }) => [String(check), status] as const),
    );
    expect(code).toBe(0);
    expect(found).toMatchObject({
      node: "ok",
      configuration: "ok",
      kafka: "ok",
      topics: "ok",
      schemas: "ok",
      clock: "ok",
    });
  });

  it("says of each server that is away what to do, and ends with 1", async () => {
    const { run } = createProject();
    const env = { KAFKA_BROKERS: "127.0.0.1:1", SCHEMA_REGISTRY_URL: "http://127.0.0.1:1" };

    const { code, stdout } = await run(["doctor"], { env });

    expect(code).toBe(1);
    expect(stdout).toMatch(/^fail {2}kafka .*127\.0\.0\.1:1/mu);
    expect(stdout).toMatch(/^fail {2}registry /mu);
    expect(stdout.match(/-> .*millrace up/gu)).toHaveLength(2);
  });
});

describe("the command line", () => {
  it("suggests the command that was meant, and ends with 2", async () => {
    const { code, stdout, stderr } = await millrace(["statu"]);

    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toBe("millrace: unknown command 'statu'\n(Did you mean status?)\n");
  });

  it.each([
    ["config", "validate", "nope.yaml"],
    ["targets", "list", "--config", "nope.yaml"],
    ["schemas", "diff", "--catalog", "nope.yaml"],
    ["deliver", "-c", "nope.yaml"],
    ["gateway", "-c", "nope.yaml"],
    ["gateway", "--catalog", "nope.yaml"],
    ["gateway", "--api-keys", "nope.yaml"],
  ])("ends with 4 where a file that it is given is not there: %s %s %s", async (...args) => {
    const { run } = createProject();

    const { code, stdout, stderr } = await run(args);

    expect({ code, stdout }).toEqual({ code: 4, stdout: "" });
    expect(stderr).toContain("nope.yaml");
  });

  it.each([
    [["emit"], "name an event type"],
    [["emit", "a.B"], "--data is missing"],
    [["emit", "a.B", "--data", "{}", "--resume"], "--resume goes with --file only"],
    [["emit", "--file", "-", "--resume"], "--resume needs a file"],
    [["tail"], "missing required argument 'topic'"],
    [["tail", "t", "--from", "tomorrow"], "earliest, latest, committed"],
    [["tail", "t", "-n", "0"], "whole number from 1 on"],
    [["status", "-o", "xml"], "Allowed choices are table, json, ndjson, yaml"],
    [["status", "--nonsense"], "unknown option '--nonsense'"],
  ])("refuses %j with 2 and says why", async (args, why) => {
    const { code, stdout, stderr } = await millrace(args);

    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(why);
  });

  it("starts quickly", async () => {
    const times: number[] = [];
    for (let run = 0; run < 5; run += 1) {
      const startedAt = performance.now();
      expect((await millrace(["--help"])).code).toBe(0);
      times.push(performance.now() - startedAt);
    }

    expect(Math.min(...times)).toBeLessThan(500);
  });
});
