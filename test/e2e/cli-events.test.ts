import { spawnSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  createWriteStream,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { createProject, itemsOf, type Project } from "../support/cli-command.ts";
import { MILLRACE, startMillrace } from "../support/millrace-process.ts";
import { readRaw, writeRaw } from "../support/raw-topic.ts";
import { until } from "../support/until.ts";

const BROKERS = (process.env["KAFKA_BROKERS"] ?? "").split(",");

async function initialised(): Promise<Project> {
  const project = createProject();
  expect((await project.run(["init"])).code).toBe(0);
  return project;
}

function flightLines(count: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    JSON.stringify({
      type: "FlightDeparted",
      time: new Date(Date.UTC(2026, 0, 1) + index * 60_000).toISOString(),
      tailNumber: `N${index % 7}`,
      carrier: "UA",
      flight: index,
      origin: "EWR",
      destination: "IAH",
      departureDelayMinutes: 2,
    }),
  );
}

const idsOf = (stdout: string): unknown[] => itemsOf(stdout).map(({ id }) => id);

describe("millrace emit", () => {
  it("emits one event and prints where it stands", async () => {
    const { run, users } = await initialised();
    const id = randomUUID();
    const data = JSON.stringify({ userId: "u1", display_name: "Ann", email: "ann@example.com" });

    const args = ["emit", "ProfileUpdated", "--id", id, "--source", "urn:t", "-o", "ndjson"];
    const { code, stdout } = await run([...args, "--data", "-"], { input: data });

    const [record] = await readRaw(BROKERS, users);
    expect(code).toBe(0);
    expect(itemsOf(stdout)).toEqual([
      {
        id,
        source: "urn:t",
        type: "users.ProfileUpdated",
        topic: users,
        partition: record?.partition,
        offset: "0",
      },
    ]);
    expect(record?.headers).toMatchObject({ ce_id: id, ce_source: "urn:t" });
    expect(String(record?.key)).toBe("u1");
  });

  it("names everything that is wrong with an event", async () => {
    const { run } = await initialised();

    const { code, stdout, stderr } = await run([
      "emit",
      "ProfileUpdated",
      "--data",
      '{"userId":1}',
    ]);

    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    for (const field of ["userId", "display_name", "email"]) {
      expect(stderr).toContain(`  /data/${field} `);
    }
  });

  it("emits a file in its order, and the same events when it is run again", async () => {
    const { run, path, flights } = await initialised();
    writeFileSync(path("flights.ndjson"), flightLines(500).join("\n"));

    const args = ["emit", "--file", "flights.ndjson", "--source", "urn:t", "-o", "ndjson"];
    const [first, second] = [await run(args), await run(args)];

    const records = await readRaw(BROKERS, flights);
    expect([first.code, second.code]).toEqual([0, 0]);
    expect(idsOf(second.stdout)).toEqual(idsOf(first.stdout));
    expect(new Set(idsOf(first.stdout)).size).toBe(500);
    for (const { partition, offset, id } of itemsOf(first.stdout)) {
      const found = records.find(
        (one) => one.partition === partition && String(one.offset) === offset,
      );
      expect(found?.headers["ce_id"]).toBe(id);
    }
  });

  it("reads gzip from standard input, whatever it is called", async () => {
    const { run } = await initialised();

    const { code, stdout } = await run(["emit", "--file", "-", "-o", "json"], {
      input: gzipSync(flightLines(20).join("\n")),
    });

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ apiVersion: "millrace/v1", kind: "EmittedEvents" });
    expect(itemsOf(stdout)).toHaveLength(20);
  });

  it("tells invalid lines with number and pointer, keeps them, emits the others, ends with 3", async () => {
    const { run, path } = await initialised();
    const [good = "", other = ""] = flightLines(2);
    const bad = ["{", good.replace('"UA"', "5"), '{"type":"flights.Landed"}'];
    writeFileSync(path("mixed.ndjson"), [good, ...bad, "", other].join("\n"));

    const args = ["emit", "--file", "mixed.ndjson", "-o", "ndjson", "--rejects", "rejects.ndjson"];
    const { code, stdout, stderr } = await run(args);

    expect(code).toBe(3);
    expect(itemsOf(stdout)).toHaveLength(2);
    expect(stderr).toMatch(/^mixed\.ndjson:2: no JSON/mu);
    expect(stderr).toMatch(/^mixed\.ndjson:3: \/carrier must be/mu);
    expect(stderr).toMatch(/^mixed\.ndjson:4: \/type no such event type/mu);
    expect(stderr).toContain("3 lines are invalid and left out");
    expect(readFileSync(path("rejects.ndjson"), "utf8")).toBe(`${bad.join("\n")}\n`);
  });

  it.each(["file", "standard input"])(
    "emits nothing of a %s with an invalid line when it is strict",
    async (from) => {
      const { run, path, flights } = await initialised();
      const input = [...flightLines(5), "{}"].join("\n");
      writeFileSync(path("mixed.ndjson"), input);
      const file = from === "file" ? "mixed.ndjson" : "-";

      const { code, stdout, stderr } = await run(["emit", "--strict", "--file", file], { input });

      expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
      expect(stderr).toContain(":6: /type is missing");
      expect(stderr).toContain("nothing was emitted");
      expect(await readRaw(BROKERS, flights)).toEqual([]);
    },
  );

  it("goes on where it was interrupted, without a gap and without a repeat", async () => {
    const { run, path, folder, flights } = await initialised();
    const lines = flightLines(400);
    const file = path("flights.ndjson");
    spawnSync("mkfifo", [file]);
    const env = { MILLRACE_HOME: path(".millrace") };
    const args = ["emit", "--file", file, "-o", "ndjson"];
    const first = startMillrace(args, { folder, name: "first", env });
    onTestFinished(() => first.signal("SIGKILL"));
    const feed = createWriteStream(file);
    feed.write(`${lines.slice(0, 150).join("\n")}\n`);
    await until("150 receipts", () => itemsOf(first.output()).length === 150);

    const code = await first.end("SIGINT");
    feed.destroy();
    rmSync(file);
    writeFileSync(file, lines.join("\n"));
    const second = await run([...args, "--resume"]);

    expect([code, second.code]).toEqual([130, 0]);
    expect(first.complaint()).toContain("stopped after line 150; the same command with --resume");
    expect(itemsOf(second.stdout)).toHaveLength(250);
    expect(new Set([...idsOf(first.output()), ...idsOf(second.stdout)]).size).toBe(400);
    expect(await readRaw(BROKERS, flights)).toHaveLength(400);
    expect(readdirSync(path(".millrace/emit"))).toEqual([]);
  });

  it("does not go on in a file that has changed before where it stopped", async () => {
    const { run, path, folder } = await initialised();
    const file = path("flights.ndjson");
    spawnSync("mkfifo", [file]);
    const env = { MILLRACE_HOME: path(".millrace") };
    const args = ["emit", "--file", file, "-o", "ndjson"];
    const first = startMillrace(args, { folder, name: "first", env });
    onTestFinished(() => first.signal("SIGKILL"));
    const feed = createWriteStream(file);
    feed.write(`${flightLines(10).join("\n")}\n`);
    await until("10 receipts", () => itemsOf(first.output()).length === 10);
    await first.end("SIGINT");
    feed.destroy();
    rmSync(file);
    writeFileSync(file, flightLines(20).reverse().join("\n"));

    const second = await run([...args, "--resume"]);

    expect({ code: second.code, stdout: second.stdout }).toEqual({ code: 5, stdout: "" });
    expect(second.stderr).toContain("has changed before line 11");
  });

  it("says at once that no broker answers, what to do, and ends with 1", async () => {
    const { run } = createProject();
    const env = { KAFKA_BROKERS: "127.0.0.1:1" };

    const { code, stdout, stderr } = await run(["emit", "PasswordChanged", "--data", "{}"], {
      env,
    });

    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^millrace: .*127\.0\.0\.1:1/u);
    expect(stderr).toContain("millrace up");
    expect(stderr).not.toMatch(/^\s+at /mu);
  });

  it("says that topics are missing before init, with 4", async () => {
    const { run, users } = createProject();

    await run(["schemas", "push"]);
    const { code, stderr } = await run(["emit", "PasswordChanged", "--data", "{}"]);

    expect(code).toBe(4);
    expect(stderr).toContain(users);
    expect(stderr).toContain("millrace init");
  });
});

function revisionOf(data: unknown): unknown {
  return typeof data === "object" && data !== null && "revision" in data ? data.revision : null;
}

describe("millrace tail", () => {
  async function withUsers(): Promise<Project> {
    const project = await initialised();
    const lines = [1, 2, 3, 4].map((revision) =>
      JSON.stringify({ userId: `u${revision % 2}`, display_name: "Ann", email: "a@b.c", revision }),
    );
    const args = ["emit", "ProfileUpdated", "--file", "-"];
    expect((await project.run(args, { input: lines.join("\n") })).code).toBe(0);
    return project;
  }

  it("shows decoded events, personal data masked unless asked for", async () => {
    const { run, users } = await withUsers();

    const args = ["tail", users, "--from", "earliest", "-e"];
    const [masked, shown] = [await run(args), await run([...args, "--unmask"])];

    expect([masked.code, shown.code]).toEqual([0, 0]);
    expect(itemsOf(masked.stdout)).toHaveLength(4);
    expect(masked.stdout).not.toContain("a@b.c");
    expect(itemsOf(masked.stdout)[0]).toMatchObject({
      topic: users,
      type: "users.ProfileUpdated",
      data: { display_name: "***", email: "***", phone: null, locale: "en" },
    });
    expect(itemsOf(shown.stdout)[0]).toMatchObject({ data: { email: "a@b.c" } });
  });

  it("takes positions, keys, filters and counts", async () => {
    const { run, users } = await withUsers();
    const [first] = itemsOf((await run(["tail", users, "-e", "-k", "u0"])).stdout);
    const revisions = async (...args: string[]): Promise<unknown[]> => {
      const { stdout } = await run(["tail", users, "-e", ...args]);
      return itemsOf(stdout).map(({ data }) => revisionOf(data));
    };

    expect(await revisions("-k", "u1")).toEqual([1, 3]);
    const newest = "event.type == 'users.ProfileUpdated' && event.data.revision > 3";
    expect(await revisions("--filter", newest)).toEqual([4]);
    expect(await revisions("--from", "-1h", "-n", "2")).toHaveLength(2);
    expect(await revisions("--from", "-1h", "--filter", "event.key == 'u0'")).toEqual([2, 4]);
    expect(await revisions("--from", `${String(first?.["partition"])}:1`, "-k", "u0")).toEqual([4]);
    expect(await revisions("--from", "@2020-01-01", "--partition", "0,1,2")).toHaveLength(4);
    expect(await revisions("--from", "latest")).toEqual([]);
  });

  it("shows records that are no events as such", async () => {
    const { run, users } = await initialised();
    await writeRaw(BROKERS, users, [{ key: "k", value: "\u001b[31mno event" }]);

    const { code, stdout } = await run(["tail", users, "--from", "earliest", "-e"]);
    const table = await run(["tail", users, "--from", "earliest", "-e", "-o", "table"]);

    expect(code).toBe(0);
    expect(itemsOf(stdout)).toMatchObject([{ key: "k", error: { code: "DECODE_FAILED" } }]);
    expect(table.stdout).toContain("DECODE_FAILED");
    expect(table.stdout).not.toContain("\u001b");
  });

  it("follows what comes until it is interrupted", async () => {
    const { run, users, folder } = await withUsers();
    const following = startMillrace(["tail", users, "-o", "ndjson"], { folder, name: "tail" });
    onTestFinished(() => following.signal("SIGKILL"));
    await until("the past", () => itemsOf(following.output()).length === 4);

    const data = '{"userId":"u9","changedAt":0}';
    await run(["emit", "PasswordChanged", "--data", data]);
    await until("the new one", () => itemsOf(following.output()).length === 5);
    const code = await following.end("SIGINT");

    expect(code).toBe(130);
    expect(itemsOf(following.output())[4]).toMatchObject({
      data: { userId: "u9", changedAt: "1970-01-01T00:00:00.000Z" },
    });
    expect(following.complaint()).toBe("");
  });

  it("ends quietly when nobody reads any more", async () => {
    const { path, run, folder, flights } = await initialised();
    writeFileSync(path("flights.ndjson"), flightLines(5_000).join("\n"));
    await run(["emit", "--file", "flights.ndjson"]);

    const command = `"${process.execPath}" "${MILLRACE}" tail ${flights} --from earliest | head -n 2`;
    const child = spawn("bash", ["-o", "pipefail", "-c", command], { cwd: folder });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const code = await new Promise((resolve) => child.on("close", resolve));

    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(itemsOf(stdout)).toHaveLength(2);
  });

  it.each([
    [["nosuch.topic"], 4, "millrace init"],
    [["USERS", "--from", "9:0"], 4, "has no partition 9"],
    [["USERS", "--from", "0:99"], 4, "has no offset 99"],
    [["USERS", "--filter", "event.data.nam == 1"], 2, "has no field nam"],
    [["USERS", "--from", "committed"], 2, "needs --target"],
    [["USERSX"], 4, "did you mean USERS?"],
    [["USERS", "--target", "profil-api"], 4, "did you mean profile-api?"],
  ])("refuses %j", async (args, expected, why) => {
    const { run, users } = await initialised();

    const { code, stderr } = await run(["tail", ...args.map((arg) => arg.replace("USERS", users))]);

    expect(code).toBe(expected);
    expect(stderr).toContain(why.replace("USERS", users));
  });
});

describe("millrace render", () => {
  const event = {
    id: "e-1",
    source: "urn:t",
    type: "ProfileUpdated",
    data: { userId: "a/b", display_name: "Ann", email: "a@b.c" },
  };
  const away = { KAFKA_BROKERS: "127.0.0.1:1", SCHEMA_REGISTRY_URL: "http://127.0.0.1:1" };

  it("shows the call a target would get, without any server and without its secret", async () => {
    const { run, path, namespace } = createProject();
    rmSync(path("token"));

    const { code, stdout } = await run(["render", "profile-api", "--event", "-"], {
      input: JSON.stringify(event),
      env: away,
    });

    expect(code).toBe(0);
    expect(stdout).toContain("PUT http://127.0.0.1:9/v1/users/a%2Fb\n");
    expect(stdout).toContain("authorization: Bearer ***\n");
    expect(stdout).toMatch(/^idempotency-key: [\w-]{32}$/mu);
    expect(stdout).toContain(`millrace-position: ${namespace}.users/<partition>/<offset>`);
    expect(stdout).toContain('\n\n{"name":"Ann","revision":0}\n');
    expect(existsSync(path("token"))).toBe(false);
  });

  it("says that a target's filter passes an event over", async () => {
    const { run } = createProject();
    const data = { userId: "u1", changedAt: 0 };
    const input = JSON.stringify({ ...event, type: "users.PasswordChanged", data });

    const args = ["render", "profile-api", "--event", "-", "-o", "json"];
    const { code, stdout } = await run(args, { input, env: away });

    expect(code).toBe(0);
    expect(itemsOf(stdout)).toMatchObject([{ target: "profile-api", outcome: "filtered" }]);
  });

  it("names the targets there are for one that is not", async () => {
    const { run } = createProject();

    const { code, stderr } = await run(["render", "nosuch", "--event", "-"], {
      input: JSON.stringify(event),
      env: away,
    });

    expect(code).toBe(4);
    expect(stderr).toContain("it has profile-api");
  });
});
