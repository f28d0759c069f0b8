import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { WebhookSigner } from "./webhook-signer.ts";

const OLD = `whsec_${Buffer.alloc(24, 1).toString("base64")}`;
const NEW = `whsec_${Buffer.alloc(64, 2).toString("base64")}`;

function signed(secrets: readonly string[], body: Uint8Array | string | null): Headers {
  const call = { id: "key-1", wallNowMs: Date.now(), body };
  const flat = new WebhookSigner(secrets).sign(call);
  const headers = new Headers();
  for (let at = 0; at < flat.length; at += 2) headers.set(flat[at] ?? "", flat[at + 1] ?? "");
  return headers;
}

function verify(secret: string, body: string, headers: Headers): unknown {
  return new Webhook(secret).verify(body, Object.fromEntries(headers), { jsonParse: false });
}

describe("the reference implementation", () => {
  test.each(['{"name":"Jürgen","emoji":"🦊"}', "", '{"lone":"\\ud800"}'])(
    "verifies the body %j",
    (body) => {
      expect(() => verify(OLD, body, signed([OLD], body))).not.toThrow();
    },
  );

  test("verifies a body of bytes and one of text alike", () => {
    const text = '{"city":"Zürich"}';
    const bytes = new TextEncoder().encode(text);

    expect(() => verify(OLD, text, signed([OLD], bytes))).not.toThrow();
  });

  test("verifies with either secret while one replaces the other", () => {
    const headers = signed([OLD, NEW], "{}");

    expect(() => verify(OLD, "{}", headers)).not.toThrow();
    expect(() => verify(NEW, "{}", headers)).not.toThrow();
  });

  test("refuses another body, another secret and another id", () => {
    const headers = signed([OLD], "{}");

    expect(() => verify(OLD, "{ }", headers)).toThrow();
    expect(() => verify(NEW, "{}", headers)).toThrow();
    headers.set("webhook-id", "key-2");
    expect(() => verify(OLD, "{}", headers)).toThrow();
  });
});

test("the timestamp is the attempt's, in whole seconds", () => {
  const call = { id: "k", wallNowMs: 1_614_265_330_999, body: "" };

  expect(new WebhookSigner([OLD]).sign(call)[3]).toBe("1614265330");
});

test("signs the example of the reference library", () => {
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const body = '{"test": 2432232314}';
  const call = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", wallNowMs: 1_614_265_330_000, body };

  expect(new WebhookSigner([secret]).sign(call)[5]).toBe(
    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  );
});

test.each([
  [[]],
  [["whsec_"]],
  [["whsec_c2hvcnQ="]],
  [[Buffer.alloc(24, 1).toString("base64")]],
  [[`whsec_${Buffer.alloc(65).toString("base64")}`]],
  [["whsec_not base64, 24 bytes or more!"]],
])("refuses the secrets %j without repeating them", (secrets) => {
  const build = (): WebhookSigner => new WebhookSigner(secrets);

  expect(build).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  expect(build).not.toThrow(/c2hvcnQ|not base64, 24/);
});
