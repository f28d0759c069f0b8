import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { errorOf, loadText, problemsOf, withTarget } from "../test/load-text.ts";
import { printableConfig } from "./printable-config.ts";

const request = (...fields: readonly string[]): string =>
  `request: { url: https://t.example, ${fields.join(", ")} }`;

describe("a reference", () => {
  test.each([
    ["${env:NAME}", "value"],
    ["${env:NAME:-other}", "value"],
    ["${env:NOPE:-other}", "other"],
    ["${env:EMPTY:-other}", "other"],
    ["${env:NOPE:-}", ""],
    ["${env:NOPE:-a:-b}", "a:-b"],
    ["${env:EMPTY}", ""],
    ["a ${env:NAME} b ${env:NAME}", "a value b value"],
    ["$${env:NAME}", "${env:NAME}"],
    ["$$ $NAME {env:NAME}", "$$ $NAME {env:NAME}"],
    ["${file:note.txt}", "line one\nline two"],
    ["${env:TRICK}", "${env:NAME}"],
  ])("%s is filled in", async (text, filled) => {
    const env = { NAME: "value", EMPTY: "", TRICK: "${env:NAME}" };
    const files = { "conf/note.txt": "line one\nline two\n" };
    const source = withTarget(request(`body: { a: ${JSON.stringify(text)} }`));

    const { targets } = await loadText(source, { env, files });

    const body = targets.get("crm")?.mapping.map(anEvent).body;
    expect(JSON.parse(body ?? "")).toEqual({ a: filled });
  });

  test.each([
    ["${env:NOPE}", "environment variable NOPE is not set"],
    ["${file:nope.txt}", "file nope.txt cannot be read (ENOENT)"],
    ["${env:A-B}", "${env:A-B} names no environment variable"],
    ["${env:}", "${env:} names no environment variable"],
    [
      "${NAME}",
      "unknown reference ${NAME}: write ${env:NAME}, ${env:NAME:-default} or ${file:path}",
    ],
    ["${file:}", "unknown reference ${file:}"],
    ["${}", "unknown reference ${}"],
  ])("%s that cannot be filled is named with its place", async (text, problem) => {
    const source = withTarget(request(`body: { a: ${JSON.stringify(text)} }`));

    expect(await problemsOf(source)).toEqual([
      expect.stringContaining(`6:51  targets.crm.request.body.a: ${problem}`),
    ]);
  });

  test("is filled in texts only, after the YAML was read", async () => {
    const env = { YAML: "a, b: [c]\n- d", KEY: "x" };
    const source = withTarget(request('body: { "${env:KEY}": "${env:YAML}" }'));

    const { targets } = await loadText(source, { env });

    const body = targets.get("crm")?.mapping.map(anEvent).body;
    expect(JSON.parse(body ?? "")).toEqual({ "${env:KEY}": "a, b: [c]\n- d" });
  });

  test("never becomes an expression", async () => {
    const env = { EVIL: "= event.data.email" };
    const source = withTarget(request('body: "${env:EVIL}"', 'headers: { x-a: "${env:EVIL}" }'));

    const { targets } = await loadText(source, { env });

    expect(targets.get("crm")?.mapping.map(anEvent)).toMatchObject({
      body: '"= event.data.email"',
      headers: { "x-a": "= event.data.email" },
    });
  });

  test.each([
    ["filter: \"event.id == '${env:EVIL}'\"", "targets.crm.filter"],
    [request("body: \"= '${env:EVIL}'\""), "targets.crm.request.body"],
    [request("headers: { x-a: \"= '${file:evil}'\" }"), "targets.crm.request.headers.x-a"],
  ])("is refused in an expression: %s", async (line, path) => {
    const env = { EVIL: "' || true || '" };
    const files = { "conf/evil": "' + event.data.email + '" };

    expect((await problemsOf(withTarget(line), { env, files })).join("\n")).toContain(
      `${path}: a reference in an expression would become code\nreferences stand in plain texts only`,
    );
  });

  test("may be written in an expression as text", async () => {
    const { targets } = await loadText(withTarget(request("body: \"= '$${env:A}'\"")));

    expect(targets.get("crm")?.mapping.map(anEvent).body).toBe('"${env:A}"');
  });
});

describe("a secret", () => {
  const secret = 'S3CR3T"/ü';
  const files = { "conf/secret": secret, "/run/pw": `${secret}\n` };
  const env = { CRM_TOKEN: secret, PW: secret };
  const text = [
    "apiVersion: millrace/v1",
    'kafka: { sasl: { mechanism: plain, username: u, password: "${env:PW}" } }',
    'registry: { url: http://r, auth: { type: basic, username: u, password: "${file:/run/pw}" } }',
    "targets:",
    "  crm:",
    "    topics: [users]",
    "    startAt: latest",
    "    request:",
    "      url: https://t.example",
    '      headers: { x-api-key: plainsecret, x-b: "${env:CRM_TOKENS:-shown}", authorization-info: "= event.id" }',
    '      body: { a: "pre ${file:secret} post" }',
    '    auth: { type: basic, username: u, password: "${file:secret}" }',
  ].join("\n");

  test("is in the configuration and nowhere that is shown", async () => {
    const config = await loadText(text, { env, files });

    const shown = JSON.stringify(printableConfig(config), null, 1);
    expect(config.targets.get("crm")?.auth).toMatchObject({ password: secret });
    expect(shown).not.toContain("S3CR3T");
    expect(shown).not.toContain("plainsecret");
    expect(shown).toContain('"password": "***"');
    expect(shown).toContain("pre ${file:secret} post");
    expect(shown).toContain('"x-b": "shown"');
    expect(shown).toContain('"authorization-info": "= event.id"');
    expect(inspect(config.secrets, { depth: 9, showHidden: true })).not.toContain("S3CR3T");
    expect(config.secrets.maskText(`x=${encodeURIComponent(secret)}&y=${secret}`)).toBe(
      "x=***&y=***",
    );
    const call = config.targets.get("crm")?.mapping.map(anEvent);
    expect(JSON.stringify(config.secrets.mask(call))).not.toContain("S3CR3T");
    expect(JSON.stringify(config.secrets.mask(call))).not.toContain("plainsecret");
  });

  test("is in no message", async () => {
    const wrong = [
      "apiVersion: millrace/v1",
      'kafka: { brokers: ["${env:CRM_TOKEN}"] }',
      "targets:",
      "  crm:",
      '    topics: ["${file:secret}"]',
      '    startAt: "${file:secret}"',
      '    network: ["${file:secret}"]',
      '    request: { url: "${file:secret}", method: "${env:CRM_TOKEN}", headers: { a: "${file:secret}" } }',
      '    auth: { type: bearer, token: "${file:secret}" }',
      '    rate: "${env:CRM_TOKEN}"',
    ].join("\n");

    const error = await errorOf(wrong, { env, files });

    expect(error.message).toContain("8 problems");
    expect(JSON.stringify([error.message, error.details])).not.toContain("S3CR3T");
    expect(error.message).toContain('"***" is no host:port');
  });
});

describe("where secrets are masked", () => {
  const text = withTarget(
    'request: { url: https://t.example, headers: { x-api-key: "${env:API_KEY}" }, body: { a: "${file:../x}" } }',
    'auth: { type: standard-webhooks, secrets: ["${file:/run/secrets/hook}"] }',
    'tls: { ca: "${file:ca.pem}" }',
  );

  test("files need not be there, nor secrets in the environment", async () => {
    const { targets } = await loadText(text, { secrets: "masked" });

    expect(targets.get("crm")).toMatchObject({
      auth: { secrets: ["<file:/run/secrets/hook>"] },
      tls: { ca: "<file:ca.pem>" },
    });
    expect(targets.get("crm")?.mapping.map(anEvent)).toMatchObject({
      headers: { "x-api-key": "<env:API_KEY>" },
      body: '{"a":"<file:../x>"}',
    });
  });

  test("files are not read where they are there", async () => {
    const files = { "/run/secrets/hook": "S3CR3T", "conf/ca.pem": "S3CR3T", x: "S3CR3T" };
    const { targets } = await loadText(text, { secrets: "masked", files });

    expect(JSON.stringify(targets.get("crm"))).not.toContain("S3CR3T");
  });

  test("what is no secret must be there all the same", async () => {
    const plain = withTarget(request('headers: { x-a: "${env:TENANT}" }'));

    expect(await problemsOf(plain, { secrets: "masked" })).toEqual([
      expect.stringContaining("environment variable TENANT is not set"),
    ]);
  });

  test("a URL is one all the same", async () => {
    const url = async (text: string): Promise<string | undefined> => {
      const source = withTarget(`request: { url: "${text}" }`);
      return (await loadText(source, { secrets: "masked" })).targets.get("crm")?.urlPrefix;
    };

    expect(await url("https://t.example/hooks/${file:/run/hook}/x")).toBe(
      "https://t.example/hooks/%3Cfile%3A%2Frun%2Fhook%3E/x",
    );
    expect(await url("${file:/run/origin}/v1")).toBe("https://masked.invalid/v1");
  });

  test("the mapping revision is the same", async () => {
    const files = {
      "/run/secrets/hook": `whsec_${Buffer.alloc(24).toString("base64")}`,
      "conf/ca.pem": "-----BEGIN CERTIFICATE-----",
      x: "y",
    };
    const read = await loadText(text, { files, env: { API_KEY: "k" } });
    const masked = await loadText(text, { secrets: "masked" });

    const revisions = [read, masked].map(({ targets }) => targets.get("crm")?.mappingRevision);
    expect(new Set(revisions).size).toBe(1);
  });
});

/** An event of `users`; its data is not decoded. */
const anEvent = {
  id: "e-1",
  source: "/tests",
  type: "users.ProfileUpdated",
  time: null,
  subject: null,
  tenant: "default",
  partitionKey: null,
  traceparent: null,
  tracestate: null,
  extensions: {},
  key: null,
  headers: {},
  data: {
    userId: "u-1",
    display_name: "D",
    email: "d@example",
    phone: null,
    locale: "en",
    revision: 1,
  },
  schema: null,
};
