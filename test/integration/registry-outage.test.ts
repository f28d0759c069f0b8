import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createRegistry, type Registry, type SchemaErrorCode } from "@millrace/schemas";
import { describe, expect, it } from "vitest";

const avro = { type: "record", name: "R", namespace: "x", fields: [] };

/** Every call a registry takes. */
const CALLS: Readonly<Record<string, (registry: Registry) => Promise<unknown>>> = {
  schemaById: (registry) => registry.schemaById(1),
  idOf: (registry) => registry.idOf("s", avro),
  versions: (registry) => registry.versions("s"),
  latest: (registry) => registry.latest("s"),
  compatibility: (registry) => registry.compatibility("s"),
  setCompatibility: (registry) => registry.setCompatibility("s", "FULL"),
  accepts: (registry) => registry.accepts("s", avro),
  register: (registry) => registry.register("s", avro),
};

interface Fake extends AsyncDisposable {
  readonly url: string;
}

/** A server that answers like no registry should. */
async function serve(listener: RequestListener): Promise<Fake> {
  const server: Server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- it listens on a port
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** The code that a call fails with, or what it came to. */
function codeOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    (value) => ({ value }),
    (error: unknown) => (error instanceof Error && "code" in error ? error.code : error),
  );
}

/** The code each call ends with. */
async function codesOf(registry: Registry): Promise<Readonly<Record<string, unknown>>> {
  const codes: Record<string, unknown> = {};
  for (const [name, call] of Object.entries(CALLS)) {
    codes[name] = await codeOf(call(registry));
  }
  return codes;
}

const all = (code: SchemaErrorCode): Readonly<Record<string, SchemaErrorCode>> =>
  Object.fromEntries(Object.keys(CALLS).map((name) => [name, code]));

const answer =
  (status: number, body: string, headers: Readonly<Record<string, string>> = {}): RequestListener =>
  (_, response) => {
    response.writeHead(status, headers).end(body);
  };

describe("a registry that is away", () => {
  it("refuses connections", async () => {
    const gone = await serve(answer(200, ""));
    await gone[Symbol.asyncDispose]();

    expect(await codesOf(createRegistry(gone.url))).toEqual(all("REGISTRY_UNREACHABLE"));
  });

  it("has no address", async () => {
    const registry = createRegistry("http://registry.invalid:8081", { timeoutMs: 5_000 });

    await expect(registry.versions("s")).rejects.toMatchObject({
      code: "REGISTRY_UNREACHABLE",
      retryable: true,
    });
  });

  it("never answers", async () => {
    await using fake = await serve(() => undefined);

    expect(await codesOf(createRegistry(fake.url, { timeoutMs: 50 }))).toEqual(
      all("REGISTRY_UNREACHABLE"),
    );
  });

  it("drips its answer without end", async () => {
    await using fake = await serve((_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(" "), 5);
      response.on("close", () => clearInterval(timer));
    });

    expect(await codesOf(createRegistry(fake.url, { timeoutMs: 100 }))).toEqual(
      all("REGISTRY_UNREACHABLE"),
    );
  });

  it("breaks off in its answer", async () => {
    await using fake = await serve((request, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write('{"', () => request.socket.destroy());
    });

    expect(await codesOf(createRegistry(fake.url))).toEqual(all("REGISTRY_UNREACHABLE"));
  });

  it.each([500, 502, 503, 429, 408])("answers %i", async (status) => {
    await using fake = await serve(answer(status, "<html>busy</html>"));

    expect(await codesOf(createRegistry(fake.url))).toEqual(all("REGISTRY_UNREACHABLE"));
  });

  it("goes away or answers nonsense between the look at the level and the registering", async () => {
    const whenRegistering = (refuse: RequestListener): RequestListener => {
      return (request, response) => {
        if (request.method === "GET") response.end('{"compatibilityLevel":"NONE"}');
        else refuse(request, response);
      };
    };
    const codeFor = async (refuse: RequestListener): Promise<unknown> => {
      await using fake = await serve(whenRegistering(refuse));
      const registry = createRegistry(fake.url, { timeoutMs: 500 });
      return await codeOf(registry.register("s", avro));
    };

    expect(await codeFor(answer(500, "{}"))).toBe("REGISTRY_UNREACHABLE");
    expect(await codeFor((request) => request.socket.destroy())).toBe("REGISTRY_UNREACHABLE");
    expect(await codeFor(() => undefined)).toBe("REGISTRY_UNREACHABLE");
    expect(
      await codeFor((request, response) => {
        response.writeHead(200, { "content-length": "100" });
        response.write('{"', () => request.socket.destroy());
      }),
    ).toBe("REGISTRY_UNREACHABLE");
    expect(await codeFor(answer(200, "<html>"))).toBe("REGISTRY_REFUSED");
    expect(await codeFor(answer(200, "{}"))).toBe("REGISTRY_REFUSED");
    expect(await codeFor(answer(401, "{}"))).toBe("REGISTRY_REFUSED");
    expect(await codeFor(answer(409, '{"error_code":409,"message":"no"}'))).toBe(
      "SCHEMA_INCOMPATIBLE",
    );
  });
});

describe("what is no registry", () => {
  it.each([
    ["a page that is found", 200, "<html>hello</html>"],
    ["JSON of something else", 200, '{"hello":"world"}'],
    ["null", 200, "null"],
    ["a list", 200, '["a"]'],
    ["a page that is not found", 404, "<html>nothing here</html>"],
    ["a locked door", 401, '{"error_code":401,"message":"who are you?"}'],
    ["a forbidden door", 403, ""],
    ["a way to elsewhere", 302, ""],
    ["more than anybody reads", 200, `"${"x".repeat(5_000_000)}"`],
  ])("is refused: %s", async (_, status, body) => {
    await using fake = await serve(answer(status, body, { location: "http://127.0.0.1:1/" }));

    const codes = await codesOf(createRegistry(fake.url));

    // Setting a level needs no more than a JSON answer; a schema's text is judged by itself.
    expect(codes).toEqual({
      ...all("REGISTRY_REFUSED"),
      ...(status === 200 && isJson(body) && body.length < 1_000
        ? { setCompatibility: { value: undefined }, schemaById: "SCHEMA_INVALID" }
        : {}),
    });
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe("a registry that wants credentials", () => {
  it.each([
    ["of the URL", (url: string) => createRegistry(url.replace("//", "//me:p%40ss@"))],
    [
      "of the options",
      (url: string) => createRegistry(url, { auth: { username: "me", password: "p@ss" } }),
    ],
  ])("gets those %s, and nobody else sees them", async (_, create) => {
    const seen = new Set<string | undefined>();
    await using fake = await serve((request, response) => {
      seen.add(request.headers.authorization);
      if (request.method === "GET") response.end('{"compatibilityLevel":"NONE"}');
      else response.writeHead(500).end("{}");
    });
    const registry = create(fake.url);

    const error: unknown = await registry.register("s", avro).catch((reason: unknown) => reason);

    expect([...seen]).toEqual([`Basic ${Buffer.from("me:p@ss").toString("base64")}`]);
    expect(registry.url).toBe(fake.url);
    expect(String(error)).not.toContain("ss@");
  });
});

describe("an address that is none", () => {
  it.each(["", "nonsense", "ftp://registry", "file:///etc/passwd", "http://a%zz:b@registry"])(
    "%j is refused",
    (url) => {
      expect(() => createRegistry(url)).toThrow(/schema registry: /);
    },
  );
});

describe("a schema of a registry", () => {
  it.each([
    ["of another kind", { schemaType: "PROTOBUF", schema: "syntax" }],
    ["that refers to others", { schema: '"int"', references: [{ name: "x" }] }],
    ["that is no JSON", { schema: "{" }],
    ["of five megabytes", { schema: JSON.stringify("x".repeat(3_000_000)) }],
    ["without text", {}],
  ])("%s is invalid, which is not worth asking again", async (_, body) => {
    await using fake = await serve(answer(200, JSON.stringify(body)));

    await expect(createRegistry(fake.url).schemaById(1)).rejects.toMatchObject({
      code: "SCHEMA_INVALID",
      retryable: false,
    });
  });
});
