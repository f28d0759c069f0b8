import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { addApiKey, readApiKeys } from "./api-key-file.ts";
import { ApiKeyRing, mayEmitTo } from "./api-key.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-keys-"));
  path = join(folder, "keys.json");
});
afterEach(() => rmSync(folder, { recursive: true }));

const entry = (of: object = {}): object => ({
  id: "k1",
  name: "orders",
  hash: `sha256:${"0".repeat(64)}`,
  ...of,
});

const write = (...keys: readonly unknown[]): void => {
  writeFileSync(path, JSON.stringify({ version: 1, keys }));
};

describe("a file of keys", () => {
  it("knows a key again that was added to it, and holds no key", async () => {
    const first = await addApiKey(path, { name: "a", scopes: [], expiresAt: null });
    const expiresAt = "2030-01-01T00:00:00Z";
    const second = await addApiKey(path, { name: "b", scopes: ["emit:users"], expiresAt });
    const ring = new ApiKeyRing(await readApiKeys(path));
    const found = ring.find(second, Date.parse(expiresAt) - 1);

    expect(ring.find(first, 0)?.name).toBe("a");
    expect(found?.name).toBe("b");
    expect(found === null ? null : [mayEmitTo(found, "users"), mayEmitTo(found, "orders")]).toEqual(
      [true, false],
    );
    expect(ring.find(second, Date.parse(expiresAt))).toBeNull();
    expect(readFileSync(path, "utf8")).not.toContain(second.split(".")[2]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("tells everything that is wrong with it at once", async () => {
    write(
      entry({ hash: "secret" }),
      entry({ id: "a b", name: "", color: "red" }),
      entry({ scopes: ["read"], expiresAt: "soon" }),
      entry({ id: "k2" }),
      entry({ id: "k2" }),
      7,
    );

    await expect(readApiKeys(path)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    const error: unknown = await readApiKeys(path).catch((reason: unknown) => reason);
    const lines = String(error)
      .split("\n")
      .slice(1)
      .map((line) => line.trim());
    expect(lines).toEqual([
      "/keys/0/hash must be sha256: and 64 lower-case hex digits",
      "/keys/1/color is not known",
      "/keys/1/id must be 1 to 64 letters, digits, - or _",
      "/keys/1/name must be a text",
      '/keys/2/scopes must be a list of "emit" or "emit:<topic>"',
      "/keys/2/expiresAt must be an RFC 3339 time",
      "/keys/5 must be an object",
      "/keys/1/id k2 stands there twice",
    ]);
  });

  it.each(["", "{}", "[]", '{"version":2,"keys":[]}', '{"version":1}'])(
    "is not %o",
    async (text) => {
      writeFileSync(path, text);

      await expect(readApiKeys(path)).rejects.toThrow(path);
    },
  );

  it("that is not there is an error to read, and made when a key is added", async () => {
    await expect(readApiKeys(path)).rejects.toMatchObject({ code: "CONFIG_MISSING" });

    await addApiKey(path, { name: "a", scopes: [], expiresAt: null });
    expect(await readApiKeys(path)).toHaveLength(1);
  });

  it("is left as it was by a key that does not hold", async () => {
    write(entry());
    const before = readFileSync(path, "utf8");
    const added = addApiKey(path, { name: "b", scopes: ["read"], expiresAt: null });

    await expect(added).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    expect(readFileSync(path, "utf8")).toBe(before);
  });
});
