import { describe, expect, test } from "vitest";
import { errorOf, loadText, problemsOf, withTarget } from "../test/load-text.ts";
import { loadConfig } from "./load-config.ts";

const EXAMPLE = `
apiVersion: millrace/v1
kafka: { brokers: ["\${env:KAFKA_BROKERS:-127.0.0.1:9092}"] }
targets:
  profile-api:
    topics: [users]
    startAt: latest
    filter: "event.type == 'users.ProfileUpdated'"
    request:
      method: PUT
      url: "https://profiles.example.com/v1/users/{userId}"
      params: { userId: "= event.data.userId" }
      body: { displayName: "= event.data.display_name", email: "= event.data.email" }
      timeout: 5s
    auth: { type: bearer, token: "\${file:/run/secrets/profile-api}" }
    order: key
    concurrency: { max: 64 }
    rate: 200/s
    retry: { maxAge: 24h, base: 500ms, cap: 5m }
    breaker: { window: 30s, errorRatio: 0.5, minCalls: 20, halfOpenAfter: 10s }
    onDeadLetter: quarantine
`;

describe("a configuration", () => {
  test("is total: every option has its value", async () => {
    const files = { "/run/secrets/profile-api": "t0ken\n" };
    const { targets, ...config } = await loadText(EXAMPLE, { files });

    expect(config).toMatchObject({
      namespace: "millrace",
      kafka: {
        brokers: ["127.0.0.1:9092"],
        clientId: "millrace",
        ssl: { kind: "off" },
        sasl: { kind: "none" },
      },
      registry: { url: "http://127.0.0.1:8081/apis/ccompat/v7", auth: { type: "none" } },
      files: ["conf/millrace.yaml"],
    });
    expect(config.catalogPath).toMatch(/\/schemas\/catalog\.yaml$/);
    expect(targets.get("profile-api")).toMatchObject({
      name: "profile-api",
      topics: ["users"],
      startAt: { kind: "latest" },
      order: "key",
      onDeadLetter: "quarantine",
      keepSetAsideMs: 86_400_000,
      concurrencyMax: 64,
      ratePerSecond: { kind: "limited", perSecond: 200, burst: 200 },
      retry: {
        maxAgeMs: 86_400_000,
        baseMs: 500,
        capMs: 300_000,
        maxAttempts: { kind: "unlimited" },
      },
      breaker: { windowMs: 30_000, errorRatio: 0.5, minCalls: 20, halfOpenAfterMs: 10_000 },
      timeoutMs: 5_000,
      input: { envelope: "require", tombstones: "skip" },
      network: { kind: "internal" },
      auth: { type: "bearer", token: "t0ken" },
      tls: { ca: null, cert: null, key: null, servername: null },
      onConflict: "retry",
      answers: {},
      idempotency: { header: "idempotency-key", format: "bare" },
      urlPrefix: "https://profiles.example.com/v1/users/",
    });
  });

  test("has the same defaults where nothing is said", async () => {
    const { targets } = await loadText(withTarget());

    expect(targets.get("crm")).toMatchObject({
      order: "key",
      onDeadLetter: "quarantine",
      keepSetAsideMs: 86_400_000,
      concurrencyMax: 64,
      ratePerSecond: { kind: "unlimited" },
      retry: {
        maxAgeMs: 86_400_000,
        baseMs: 500,
        capMs: 300_000,
        maxAttempts: { kind: "unlimited" },
      },
      breaker: { windowMs: 30_000, errorRatio: 0.5, minCalls: 20, halfOpenAfterMs: 10_000 },
      timeoutMs: 10_000,
    });
  });

  test("takes how long a target knows a key, which it may leave open", async () => {
    const declared = await loadText(withTarget("idempotency: { window: 24h }"));
    const open = await loadText(withTarget());

    expect(declared.targets.get("crm")?.idempotency).toEqual({
      ...{ header: "idempotency-key", format: "bare" },
      window: { kind: "declared", windowMs: 86_400_000 },
    });
    expect(open.targets.get("crm")?.idempotency.window).toEqual({ kind: "undeclared" });
    expect(await problemsOf(withTarget("idempotency: { window: 5ms }"))).toEqual([
      expect.stringContaining("idempotency.window: must be from 1s to 3650d"),
    ]);
  });

  test("takes how long dead letters and parked events are kept", async () => {
    const { targets } = await loadText(withTarget("keepSetAside: 7d"));

    expect(targets.get("crm")?.keepSetAsideMs).toBe(604_800_000);
    expect(await problemsOf(withTarget("keepSetAside: 0s"))).toEqual([
      expect.stringContaining("keepSetAside: must be from 1s to 3650d"),
    ]);
  });

  test("takes by which header a target names its calls, by default the usual ones", async () => {
    const named = await loadText(withTarget("journal: { requestIdHeader: X-Slack-Req-Id }"));
    const open = await loadText(withTarget());

    expect(named.targets.get("crm")?.journal.requestIdHeaders).toEqual(["x-slack-req-id"]);
    expect(open.targets.get("crm")?.journal.requestIdHeaders).toEqual([
      ...["x-request-id", "x-correlation-id", "x-amzn-requestid", "cf-ray"],
    ]);
  });

  test("shows bodies in the journal where it is told to, cut to a size", async () => {
    const journalOf = async (...lines: readonly string[]) =>
      (await loadText(withTarget(...lines))).targets.get("crm")?.journal;

    expect(await journalOf()).toMatchObject({ bodies: "none", bodyBytesMax: 2_000 });
    expect(await journalOf("journal: { bodies: failures }")).toMatchObject({
      ...{ bodies: "failures", bodyBytesMax: 2_000 },
    });
    expect(await journalOf("journal: { bodies: all, maxBytes: 16KiB }")).toMatchObject({
      ...{ bodies: "all", bodyBytesMax: 16_384 },
    });
  });

  test.each([
    ["17KiB", "must be from 64B to 16384B"],
    ["10B", "must be from 64B to 16384B"],
    ["2048", "must be a size: a number and B, kB, MB, KiB or MiB, such as 2kB"],
    ["2 kb", "must be a size: a number and B, kB, MB, KiB or MiB, such as 2kB"],
  ])("refuses %s as the size of a body", async (maxBytes, problem) => {
    expect(await problemsOf(withTarget(`journal: { maxBytes: ${maxBytes} }`))).toEqual([
      expect.stringContaining(`journal.maxBytes: ${problem}`),
    ]);
  });

  test.each([
    ["x request id", "must be the name of a header"],
    ["Set-Cookie", "must not hold credentials: the journal shows it"],
    ["x-auth-token", "must not hold credentials: the journal shows it"],
  ])("refuses %s as the header that names calls", async (name, problem) => {
    expect(await problemsOf(withTarget(`journal: { requestIdHeader: ${name} }`))).toEqual([
      expect.stringContaining(`journal.requestIdHeader: ${problem}`),
    ]);
  });

  test("takes brokers and registry from the file, else from the environment", async () => {
    const env = { KAFKA_BROKERS: "a:1, b:2,a:1", SCHEMA_REGISTRY_URL: "http://r:1" };
    const named = "apiVersion: millrace/v1\nkafka: { brokers: [c:3] }\nregistry: { url: http://s }";

    const fromEnv = await loadText("apiVersion: millrace/v1", { env });
    const fromFile = await loadText(named, { env });

    expect(fromEnv.kafka.brokers).toEqual(["a:1", "b:2"]);
    expect(fromEnv.registry.url).toBe("http://r:1");
    expect(fromFile.kafka.brokers).toEqual(["c:3"]);
    expect(fromFile.registry.url).toBe("http://s");
  });

  test("takes TLS and SASL of the brokers", async () => {
    const ca = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----";
    const text = [
      "apiVersion: millrace/v1",
      "kafka:",
      "  brokers: ['[::1]:9092']",
      '  ssl: { ca: "${file:ca.pem}" }',
      '  sasl: { mechanism: scram-sha-512, username: u, password: "${env:PW}" }',
    ].join("\n");

    const { kafka } = await loadText(text, { env: { PW: "p4ss" }, files: { "conf/ca.pem": ca } });

    expect(kafka).toMatchObject({
      ssl: { kind: "on", ca, cert: null, key: null },
      sasl: { kind: "password", mechanism: "scram-sha-512", username: "u", password: "p4ss" },
    });
    const on = await loadText("apiVersion: millrace/v1\nkafka: { ssl: true }");
    expect(on.kafka.ssl).toEqual({ kind: "on", ca: null, cert: null, key: null });
  });

  test("cannot be changed", async () => {
    const config = await loadText(withTarget());
    const target = config.targets.get("crm");

    expect(Object.isFrozen(config)).toBe(true);
    expect([target, target?.retry, target?.topics, target?.auth].every(Object.isFrozen)).toBe(true);
    expect(config.targets).toSatisfy(Object.isFrozen);
    const targets: unknown = config.targets;
    if (!(targets instanceof Map)) throw new Error("targets are no Map");
    expect(() => targets.set("x", 1)).toThrow("cannot be changed");
    expect(() => targets.delete("crm")).toThrow("cannot be changed");
    expect(() => {
      targets.clear();
    }).toThrow("cannot be changed");
    expect([...targets.keys()]).toEqual(["crm"]);
  });

  test("may have no targets", async () => {
    expect((await loadText("apiVersion: millrace/v1")).targets.size).toBe(0);
  });

  test.each([
    ["earliest", { kind: "earliest" }],
    ["latest", { kind: "latest" }],
    ["2026-01-31T00:00:00Z", { kind: "time", epochMs: 1_769_817_600_000 }],
    ["2026-01-31 01:00+01:00", { kind: "time", epochMs: 1_769_817_600_000 }],
  ])("starts at %s", async (startAt, expected) => {
    const { targets } = await loadText(withTarget(`startAt: ${startAt}`));

    expect(targets.get("crm")?.startAt).toEqual(expected);
  });

  test.each([
    ["key", "quarantine"],
    ["partition", "block"],
    ["none", "skip"],
  ])("with order %s goes on after a dead letter by default with %s", async (order, after) => {
    const { targets } = await loadText(withTarget(`order: ${order}`));

    expect(targets.get("crm")?.onDeadLetter).toBe(after);
  });

  test.each([
    ["5/s", { perSecond: 5, burst: 5 }],
    ["0.5/s", { perSecond: 0.5, burst: 1 }],
    ["600/m", { perSecond: 10, burst: 10 }],
    ["1800/h", { perSecond: 0.5, burst: 1 }],
  ])("has a rate of %s", async (rate, expected) => {
    const { targets } = await loadText(withTarget(`rate: ${rate}`));

    expect(targets.get("crm")?.ratePerSecond).toEqual({ kind: "limited", ...expected });
  });

  test("takes numbers from references, which are texts", async () => {
    const text = withTarget('concurrency: { max: "${env:MAX}" }');

    expect((await loadText(text, { env: { MAX: "7" } })).targets.get("crm")?.concurrencyMax).toBe(
      7,
    );
    expect(await problemsOf(text, { env: { MAX: "0x10" } })).toEqual([
      "7:20  targets.crm.concurrency.max: must be a whole number from 1 to 10000",
    ]);
  });
});

describe("everything that is wrong is told at once", () => {
  test("with file, line, column and what to do", async () => {
    const text = [
      "apiVersion: millrace/v2",
      "kafka: { brokers: [nope], ssk: 1 }",
      "targets:",
      "  profile-api:",
      "    topics: [userz, users, users]",
      "    filter: \"event.type == 'users.ProfileUpdated'\"",
      "    request:",
      "      method: PUTT",
      '      url: "https://t.example/{userId}"',
      '      params: { userI: "= event.data.userId" }',
      '      body: { name: "= event.data.display_nam", email: "= event.data.email +" }',
      "      timeout: 50s",
      "    auth: { type: bearer, tokenn: x }",
      "    rate: 200",
      "    retry: { maxAge: 24, base: 500ms, cap: 5m }",
    ].join("\n");

    expect(await problemsOf(text)).toEqual([
      "1:1  apiVersion: must be millrace/v1",
      '2:10  kafka.brokers: "nope" is no host:port',
      "2:27  kafka.ssk: unknown key",
      'did you mean "ssl"?',
      "4:3  targets.profile-api.startAt: is required: earliest (all that is kept), latest (only what comes from now on) or a time; it is resolved once",
      "5:14  targets.profile-api.topics[0]: the catalog has no topic userz",
      'did you mean "users"?',
      "5:28  targets.profile-api.topics[2]: the topic users stands twice",
      "8:7  targets.profile-api.request.method: must be GET, POST, PUT, PATCH or DELETE",
      "9:7  targets.profile-api.request.url: params has nothing for the placeholder {userId}",
      "10:17  targets.profile-api.request.params.userI: the URL has no placeholder {userI}",
      "11:15  targets.profile-api.request.body.name: users.ProfileUpdated has no field display_nam at character 12",
      'did you mean "display_name"?',
      "11:49  targets.profile-api.request.body.email: broken expression: Unexpected token: EOF at character 19",
      "12:7  targets.profile-api.request.timeout: must be from 1ms to 45s: a rebalance waits for open attempts, and a longer wait would lose the membership",
      "13:5  targets.profile-api.auth.token: is required",
      "13:27  targets.profile-api.auth.tokenn: unknown key",
      'did you mean "token"?',
      "14:5  targets.profile-api.rate: must be a rate such as 200/s, 600/m or 1000/h",
      '15:14  targets.profile-api.retry.maxAge: must be a duration with its unit, such as "30s"',
    ]);
  });

  test("as an error with the problems in its details", async () => {
    const error = await errorOf("apiVersion: millrace/v1\nnamespac: x");

    expect(error).toMatchObject({
      code: "CONFIG_INVALID",
      details: {
        problems: [
          {
            file: "conf/millrace.yaml",
            line: 2,
            column: 1,
            path: "namespac",
            message: "unknown key",
            hint: 'did you mean "namespace"?',
          },
        ],
      },
    });
    expect(error.message).toBe(
      'configuration: 1 problem\nconf/millrace.yaml:2:1  namespac: unknown key\n    did you mean "namespace"?',
    );
  });

  test("where the file is not there, as CONFIG_MISSING", async () => {
    await expect(loadConfig("/nowhere/millrace.yaml")).rejects.toMatchObject({
      code: "CONFIG_MISSING",
      message: "configuration cannot be read: /nowhere/millrace.yaml (ENOENT)",
    });
  });

  test("where it is there and cannot be read, as CONFIG_UNREADABLE", async () => {
    await expect(loadConfig("/")).rejects.toMatchObject({
      code: "CONFIG_UNREADABLE",
      message: "configuration cannot be read: / (EISDIR)",
    });
  });

  test.each([
    ["apiVersion: millrace/v1\ntargets: {", "2:11  broken YAML"],
    ["apiVersion: millrace/v1\n\tx: 1", "2:1  broken YAML"],
    ["a: &x 1\nb: *y", "2:4  "],
    ["", "1:1  the file holds no keys"],
    ["- a", "1:1  the file holds no keys"],
    ["apiVersion: millrace/v1\n---\nx: 1", "broken YAML"],
    [
      "apiVersion: millrace/v1\napiVersion: millrace/v1",
      "2:1  apiVersion: the key stands twice, first on line 1",
    ],
    ["apiVersion: millrace/v1\n? [a]\n: 1", "2:3  a key must be plain text"],
    ["apiVersion: millrace/v1\n__proto__: 1", "2:1  a key must be plain text, and not __proto__"],
    ["apiVersion: millrace/v1\nnamespace: !!binary aGk=", "2:21  namespace: write it as a string"],
    ["apiVersion: millrace/v1\nnamespace: !secret x", "2:12  Unresolved tag: !secret"],
    ["apiVersion: millrace/v1\ntargets: []", "2:1  targets: must be a map of keys"],
    ["apiVersion: millrace/v1\ntargets: { crm: 1 }", "2:12  targets.crm: must be a map of keys"],
    ["apiVersion: millrace/v1\ntargets: { crm: }", "2:12  targets.crm: must be a map of keys"],
    [
      "apiVersion: millrace/v1\ntargets: { 'a.b': {} }",
      "2:12  targets.a.b: the key must be letters, digits, - and _",
    ],
    ["apiVersion: millrace/v1\nnamespace: a/b", "2:1  namespace: must be letters, digits"],
    ["apiVersion: millrace/v1\nkafka: { brokers: [] }", "must name at least one broker"],
    ["apiVersion: millrace/v1\nkafka: { brokers: [a:0] }", '"a:0" is no host:port'],
    [
      "apiVersion: millrace/v1\nkafka: { ssl: { cert: '-----BEGIN X' } }",
      "cert and key come together",
    ],
    ["apiVersion: millrace/v1\nkafka: { ssl: yes }", "must be true, false or {ca, cert, key}"],
    [
      "apiVersion: millrace/v1\nregistry: { url: ftp://x }",
      "must be an absolute http or https URL",
    ],
    ["apiVersion: millrace/v1\nregistry: { url: http://u:p@x }", "belong in registry.auth"],
    ["apiVersion: millrace/v1\ncatalog: nope.yaml", "2:1  catalog: cannot read the catalog"],
  ])("for the file %j", async (text, problem) => {
    expect((await problemsOf(text)).join("\n")).toContain(problem);
  });

  test("for a file of aliases without bound", async () => {
    const bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
    for (let level = 1; level < 8; level++) {
      const aliases = Array.from({ length: 10 }, () => `*a${level - 1}`).join(", ");
      bomb.push(`a${level}: &a${level} [${aliases}]`);
    }

    expect((await problemsOf(bomb.join("\n"))).join("\n")).toContain(
      "too large or too deeply nested",
    );
  });

  test.each([
    [
      "timeout of zero",
      "request: { url: https://t.example, timeout: 0ms }",
      "must be from 1ms to 45s",
    ],
    [
      "duration without unit",
      "retry: { base: 5 }",
      'must be a duration with its unit, such as "30s"',
    ],
    [
      "duration with a wrong unit",
      "retry: { base: 5sec }",
      "must be a duration: a number and ms, s, m, h or d",
    ],
    ["negative duration", "retry: { base: -5s }", "must be a duration"],
    [
      "base above its cap",
      "retry: { base: 5m, cap: 1s }",
      "targets.crm.retry: base is longer than cap",
    ],
    ["rate of nothing", "rate: 0/s", "must be a rate such as"],
    ["rate with a wrong unit", "rate: 5/d", "must be a rate such as"],
    [
      "time without its zone",
      "startAt: 2026-01-31T00:00:00",
      "must be earliest, latest or a time with its zone",
    ],
    ["start that is empty", "startAt:", "is required: earliest"],
    ["start that is a day", "startAt: 2026-01-31", "must be earliest, latest or a time"],
    ["order that is none", "order: keys", "must be key, partition or none"],
    [
      "quarantine without keys",
      "order: partition\n    onDeadLetter: quarantine",
      "quarantine does not go with order partition",
    ],
    [
      "block without order",
      "order: none\n    onDeadLetter: block",
      "block does not go with order none",
    ],
    ["no attempts", "retry: { maxAttempts: 0 }", "must be a whole number from 1"],
    ["half an attempt", "retry: { maxAttempts: 1.5 }", "must be a whole number from 1"],
    ["ratio above one", "breaker: { errorRatio: 2 }", "must be a number from 0.01 to 1"],
    ["concurrency of none", "concurrency: { max: 0 }", "must be a whole number from 1 to 10000"],
    ["topics that are none", "topics: []", "must name at least one topic"],
    [
      "topic that is not in the catalog",
      "topics: [order]",
      'the catalog has no topic order\ndid you mean "orders"?',
    ],
    [
      "answer that cannot be",
      "answers: { 302: retry }",
      "the key must be a status or class of 2xx, 4xx or 5xx",
    ],
    [
      "answer taken for nothing",
      "answers: { 404: skip }",
      "must be delivered, retry or dead-letter",
    ],
    [
      "409 told twice",
      "answers: { 409: retry }\n    onConflict: retry",
      "answers says what a 409 means as well",
    ],
    ["network that is none", "network: all", "must be internal, public or a list of CIDR ranges"],
    ["network of nothing", "network: []", "must not be empty"],
    ["CIDR without length", "network: [10.0.0.0]", '"10.0.0.0" is no CIDR'],
    ["CIDR that is too long", "network: [10.0.0.0/33]", '"10.0.0.0/33" is no CIDR'],
    ["CIDR of a name", "network: [localhost/8]", "is no CIDR"],
    ["CIDR that is long in IPv6", "network: ['fd00::/129']", "is no CIDR"],
    [
      "TLS of an http URL",
      "request: { url: http://t.example }\n    tls: { servername: x }",
      "is for https URLs",
    ],
    [
      "certificate that is a path",
      "tls: { ca: ./ca.pem }",
      "must be PEM text; to take it from a file write ${file:path}",
    ],
    ["key without certificate", "tls: { key: '-----BEGIN K' }", "cert and key come together"],
    [
      "auth without its type",
      "auth: { token: x }",
      "type must be none, bearer, basic, header, standard-webhooks or token",
    ],
    ["auth of another type", "auth: { type: oauth }", "type must be none, bearer"],
    [
      "token with a line break",
      'auth: { type: bearer, token: "a\\nb" }',
      "has characters that no header can carry",
    ],
    [
      "colon in a user name",
      "auth: { type: basic, username: 'a:b', password: x }",
      "cannot contain a colon",
    ],
    [
      "auth header that is ours",
      "auth: { type: header, name: host, value: x }",
      "is a header that Millrace sets itself",
    ],
    [
      "webhook secret that is none",
      "auth: { type: standard-webhooks, secrets: [abc] }",
      "must be whsec_ and base64 of 24 to 64 bytes",
    ],
    [
      "token URL that is none",
      "auth: { type: token, url: /t }",
      "must be an absolute http or https URL",
    ],
    [
      "token pointer that is none",
      "auth: { type: token, url: http://t, tokenPointer: a }",
      "must be a JSON pointer",
    ],
    [
      "idempotency header of ours",
      "idempotency: { header: traceparent }",
      "is a header that Millrace sets itself",
    ],
    [
      "idempotency header of the body",
      "idempotency: { header: Content-Type }",
      "is the header of the body's type",
    ],
    ["no request", "request:", "targets.crm.request: must be a map of keys"],
    ["request without a URL", "request: { method: POST }", "targets.crm.request.url: is required"],
    [
      "key misspelt deep inside",
      "retry: { maxage: 5m }",
      'targets.crm.retry.maxage: unknown key\ndid you mean "maxAge"?',
    ],
    ["key far from any", "zzzzzz: 1", "unknown key\nknown: topics, startAt, filter"],
  ])("for a %s", async (_name, lines, problem) => {
    const problems = (await problemsOf(withTarget(...lines.split("\n    ")))).join("\n");

    expect(problems).toContain(problem);
    expect(problems.match(/^\d+:\d+ /gm)).toHaveLength(1);
  });
});
