import type { AttemptRequest, MillraceError } from "@millrace/engine";
import { describe, expect, test } from "vitest";
import type { AuthConfig, HttpTargetOptions } from "./options.ts";
import { RequestWriter } from "./request-writer.ts";
import type { WrittenRequest } from "./request-writer.ts";

const FACTS = { wallNowMs: 1_700_000_000_000, token: null };
const SECRET = `whsec_${Buffer.alloc(24, 1).toString("base64")}`;

type WriterOptions = ConstructorParameters<typeof RequestWriter>[0];

function writer(change: Partial<HttpTargetOptions> = {}): RequestWriter {
  const options: WriterOptions = {
    origin: "https://api.example.com/v1/",
    auth: { type: "none" },
    idempotency: { header: "Idempotency-Key", format: "bare" },
    ...change,
  };
  return new RequestWriter(options);
}

function request(change: Partial<AttemptRequest> = {}): AttemptRequest {
  return {
    method: "POST",
    url: "https://api.example.com/v1/users",
    headers: { "idempotency-key": "key-1" },
    body: "{}",
    timeoutMs: 5_000,
    traceparent: null,
    tracestate: null,
    ...change,
  };
}

function headersOf(written: WrittenRequest): Record<string, string> {
  if (written.kind === "refused") throw new Error(written.detail);
  const headers: Record<string, string> = {};
  for (let at = 0; at < written.headers.length; at += 2) {
    headers[written.headers[at] ?? ""] = written.headers[at + 1] ?? "";
  }
  return headers;
}

function refusalOf(written: WrittenRequest): string | null {
  return written.kind === "refused" ? written.detail : null;
}

test("writes method, path, body, the mapped headers, and who calls", () => {
  const mapped = { "idempotency-key": "key-1", "content-type": "application/json" };
  const written = writer().write(request({ headers: mapped }), FACTS);

  expect(written).toMatchObject({ method: "POST", path: "/v1/users", body: "{}" });
  expect(headersOf(written)).toEqual({ ...mapped, "user-agent": "millrace" });
});

test("a mapped user-agent replaces the own one", () => {
  const headers = { "user-agent": "acme/1" };

  expect(headersOf(writer().write(request({ headers }), FACTS))).toEqual(headers);
});

describe("credentials", () => {
  const kinds: [AuthConfig, string, string][] = [
    [{ type: "bearer", token: "t0k" }, "authorization", "Bearer t0k"],
    [{ type: "basic", username: "jö", password: "p:w" }, "authorization", "Basic asO2OnA6dw=="],
    [{ type: "header", name: "X-Api-Key", value: "k" }, "x-api-key", "k"],
  ];

  test.each(kinds)("of %j travel in %s", (auth, name, value) => {
    expect(headersOf(writer({ auth }).write(request(), FACTS))[name]).toBe(value);
  });

  test.each(kinds)("of %j cannot be set by an event", (auth, name) => {
    const written = writer({ auth }).write(request({ headers: { [name]: "mine" } }), FACTS);

    expect(refusalOf(written)).toMatch(name);
  });

  test("a fetched token stands behind its prefix", () => {
    const auth: AuthConfig = {
      type: "token",
      url: "https://auth.example.com/token",
      method: "POST",
      headers: {},
      body: null,
      tokenPointer: "/access_token",
      expiresInPointer: null,
      header: "Authorization",
      prefix: "Bearer ",
    };
    const written = writer({ auth }).write(request(), { ...FACTS, token: "t1" });

    expect(headersOf(written)["authorization"]).toBe("Bearer t1");
  });

  test("standard webhooks sign with the key as the id", () => {
    const auth: AuthConfig = { type: "standard-webhooks", secrets: [SECRET] };
    const headers = headersOf(writer({ auth }).write(request(), FACTS));

    expect(headers).toMatchObject({ "webhook-id": "key-1", "webhook-timestamp": "1700000000" });
    expect(headers["webhook-signature"]).toMatch(/^v1,/);
  });

  test.each([{}, { "idempotency-key": "a.b" }])(
    "nothing is signed under the id of %j",
    (headers) => {
      const auth: AuthConfig = { type: "standard-webhooks", secrets: [SECRET] };

      expect(refusalOf(writer({ auth }).write(request({ headers }), FACTS))).toMatch(
        "idempotency key",
      );
    },
  );

  test.each<AuthConfig>([
    { type: "bearer", token: "line\nbreak" },
    { type: "header", name: "X Key", value: "v" },
    { type: "header", name: "Host", value: "v" },
    { type: "header", name: "x-key", value: "sécret" },
  ])("%j are refused at once, and the error does not repeat them", (auth) => {
    const build = (): RequestWriter => writer({ auth });

    expect(build).toThrow(
      expect.objectContaining<Partial<MillraceError>>({ code: "CONFIG_INVALID" }),
    );
    expect(build).not.toThrow(/break|sécret/);
  });
});

describe("the idempotency key", () => {
  test("takes the target's name and form", () => {
    const idempotency = { header: "X-Request-Id", format: "sf-string" } as const;
    const headers = headersOf(writer({ idempotency }).write(request(), FACTS));

    expect(headers).toEqual({ "x-request-id": '"key-1"', "user-agent": "millrace" });
  });

  test("cannot be set under the target's name by an event", () => {
    const idempotency = { header: "X-Request-Id", format: "bare" } as const;
    const headers = { "idempotency-key": "key-1", "x-request-id": "mine" };

    expect(refusalOf(writer({ idempotency }).write(request({ headers }), FACTS))).toMatch(
      "x-request-id",
    );
  });
});

describe("trace context", () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

  test("is written as given", () => {
    const traced = request({ headers: {}, traceparent, tracestate: "a=1" });

    expect(headersOf(writer().write(traced, FACTS))).toEqual({
      traceparent,
      tracestate: "a=1",
      "user-agent": "millrace",
    });
  });

  test("that could break the request is left out", () => {
    const traced = request({ headers: {}, traceparent, tracestate: "a=1\r\nx: y" });

    expect(headersOf(writer().write(traced, FACTS))).not.toHaveProperty("tracestate");
  });
});

describe("an event cannot", () => {
  test.each([
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "proxy-authorization",
    "traceparent",
    "Content-Type",
    "bad name",
    "x\r\ny",
    "",
  ])("set the header %j", (name) => {
    expect(refusalOf(writer().write(request({ headers: { [name]: "v" } }), FACTS))).not.toBeNull();
  });

  test.each(["a\r\nx: y", "a\nb", "\u0000", "é", "\u{1f98a}", "\u007f"])(
    "send the value %j",
    (value) => {
      const written = writer().write(request({ headers: { "x-note": value } }), FACTS);

      expect(refusalOf(written)).toBe("header is not plain ASCII: x-note");
    },
  );

  test.each(["CONNECT", "TRACE", "post", "GET /x", ""])("use the method %j", (method) => {
    expect(refusalOf(writer().write(request({ method }), FACTS))).toMatch("method");
  });

  test("leave the target's place", () => {
    const url = "https://evil.example/v1/users";

    expect(refusalOf(writer().write(request({ url }), FACTS))).toMatch("leaves");
  });
});
