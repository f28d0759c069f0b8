/** The HTTP sender and certificates: nothing is ever sent to a server that has not proved its name. */
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { createAuthority } from "../support/certificates.ts";
import { attempt, httpSender, loggingTelemetry, requestTo } from "../support/http-bench.ts";
import { startScriptedTarget, type TargetOptions } from "../support/scripted-target.ts";

const authority = createAuthority();
const stranger = createAuthority();
afterAll(() => {
  authority.remove();
  stranger.remove();
});
const { ca } = authority;

async function setup(
  tls: NonNullable<TargetOptions["tls"]>,
  options: Partial<Parameters<typeof httpSender>[0]> = {},
) {
  const target = await startScriptedTarget({ tls });
  const sender = httpSender({ origin: target.origin, tls: { ca }, ...options });
  return { target, sender, send: () => attempt(sender, requestTo(target.origin)) };
}

describe("a server with the right certificate", () => {
  it("gets the request, over TLS 1.2 or later", async () => {
    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
      const { send } = await setup({
        ...authority.issue(),
        minVersion: version,
        maxVersion: version,
      });

      expect(await send()).toEqual({ kind: "delivered", status: 204 });
    }
  });

  it("may have another name, if the configuration says so", async () => {
    const { send } = await setup(authority.issue({ names: "DNS:api.internal" }), {
      tls: { ca, servername: "api.internal" },
    });

    expect((await send()).kind).toBe("delivered");
  });

  it("gets our certificate when it asks for one", async () => {
    const asking = { ...authority.issue(), ca, requestCert: true, rejectUnauthorized: true };
    const { send } = await setup(asking, { tls: { ca, ...authority.issue() } });

    expect((await send()).kind).toBe("delivered");
  });

  it.each(["-tls1_2", "-tls1_3"])(
    "that asks in vain for ours holds the target: %s",
    async (version) => {
      const origin = await startAskingServer(version);
      const sender = httpSender({ origin, tls: { ca } });

      expect(await attempt(sender, requestTo(origin))).toMatchObject({
        kind: "misconfigured",
        reason: "TLS_FAILED",
      });
    },
  );
});

describe("a server that proves nothing", () => {
  it.each([
    ["a certificate of another authority", () => stranger.issue()],
    ["a certificate signed by itself", () => authority.issue({ isSelfSigned: true })],
    ["an expired certificate", () => authority.issue({ isExpired: true })],
    ["a certificate for another name", () => authority.issue({ names: "DNS:other.example" })],
    ["TLS 1.1", () => ({ ...authority.issue(), ...OLD_TLS })],
  ])("gets no request: %s", async (_, tls) => {
    const { telemetry, lines } = loggingTelemetry();
    const { target, send } = await setup(tls(), { telemetry });

    expect(await send()).toMatchObject({ kind: "misconfigured", reason: "TLS_FAILED" });
    expect(await send()).toMatchObject({ kind: "misconfigured", reason: "TLS_FAILED" });
    expect(target.requests).toEqual([]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain("at ");
  });

  it("is not trusted because the environment says so", async () => {
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    onTestFinished(() => {
      delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    });
    const { target, send } = await setup(authority.issue({ isSelfSigned: true }));

    expect(await send()).toMatchObject({ kind: "misconfigured", reason: "TLS_FAILED" });
    expect(target.requests).toEqual([]);
  });

  it("gets nothing readable when it speaks no TLS at all", async () => {
    const received: Buffer[] = [];
    const plain = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.on("data", (chunk) => {
        received.push(chunk);
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
      });
    });
    await new Promise<void>((resolve) => {
      plain.listen(0, "127.0.0.1", resolve);
    });
    onTestFinished(() => void plain.close());
    const address = plain.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    const origin = `https://127.0.0.1:${port}/`;
    const sender = httpSender({ origin, tls: { ca } });

    expect(await attempt(sender, requestTo(origin))).toMatchObject({
      kind: "misconfigured",
      reason: "TLS_FAILED",
    });
    expect(Buffer.concat(received).toString("latin1")).not.toContain("POST");
  });
});

/** A server that sends the alert of the standard when a client shows no certificate; Node's only hangs up. */
async function startAskingServer(version: string): Promise<string> {
  authority.issue();
  const identity = ["-cert", "1.pem", "-key", "1.key", "-CAfile", "ca.pem"];
  const asking = ["-Verify", "1", "-verify_return_error", "-www", version];
  const server = spawn("openssl", ["s_server", "-accept", "127.0.0.1:0", ...identity, ...asking], {
    cwd: authority.folder,
    stdio: ["ignore", "pipe", "ignore"],
  });
  onTestFinished(() => void server.kill());
  const { promise, resolve } = Promise.withResolvers<string>();
  let output = "";
  server.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    const port = /^ACCEPT 127\.0\.0\.1:(\d+)/mu.exec(output)?.[1];
    if (port !== undefined) resolve(`https://127.0.0.1:${port}/`);
  });
  return promise;
}

/** Offered by a server only when security is turned down. */
const OLD_TLS = {
  minVersion: "TLSv1.1",
  maxVersion: "TLSv1.1",
  ciphers: "DEFAULT@SECLEVEL=0",
} as const;
