import { describe, expect, test } from "vitest";
import { TargetUrl } from "./target-url.ts";

describe("a URL below the prefix", () => {
  const url = new TargetUrl("https://api.example.com/v1/users/");

  test.each([
    ["https://api.example.com/v1/users/7", "/v1/users/7"],
    ["https://api.example.com/v1/users/", "/v1/users/"],
    ["https://api.example.com/v1/users/7?a=/../b//c", "/v1/users/7?a=/../b//c"],
    ["https://api.example.com/v1/users/a%2Fb%20c", "/v1/users/a%2Fb%20c"],
    ["https://api.example.com/v1/users/...", "/v1/users/..."],
    ["https://api.example.com/v1/users/.hidden", "/v1/users/.hidden"],
  ])("%s keeps its path as it is", (text, path) => {
    expect(url.pathOf(text)).toBe(path);
  });

  test.each([
    "https://api.example.com/v1/orders/7",
    "https://api.example.com/v1",
    "https://api.example.com.evil.example/v1/users/7",
    "https://api.example.com:8443/v1/users/7",
    "https://api.example.com@evil.example/v1/users/7",
    "http://api.example.com/v1/users/7",
    "//api.example.com/v1/users/7",
    "https://api.example.com/v1/users/../admin",
    "https://api.example.com/v1/users/..",
    "https://api.example.com/v1/users/%2e%2E/admin",
    "https://api.example.com/v1/users/.%2e/admin",
    "https://api.example.com/v1/users/./7",
    "https://api.example.com/v1/users//evil",
    "https://api.example.com/v1/users/7#part",
    "https://api.example.com/v1/users/7\\..\\admin",
    "https://api.example.com/v1/users/7 HTTP/1.1",
    "https://api.example.com/v1/users/7\r\nhost: evil",
    "https://api.example.com/v1/users/\u0000",
    "https://api.example.com/v1/users/jürgen",
    "https://api.example.com/v1/users/\uff0e\uff0e/admin",
    "",
  ])("%j is refused", (text) => {
    expect(url.pathOf(text)).toBeNull();
  });
});

test("an origin without a path allows every plain path, and the bare origin as its root", () => {
  const url = new TargetUrl("http://127.0.0.1:8080");

  expect(url.pathOf("http://127.0.0.1:8080")).toBe("/");
  expect(url.pathOf("http://127.0.0.1:8080?a=1")).toBe("/?a=1");
  expect(url.pathOf("http://127.0.0.1:8080/x")).toBe("/x");
  expect(url.pathOf("http://127.0.0.1:80801/x")).toBeNull();
});

test("a prefix may end within a segment or the query", () => {
  expect(new TargetUrl("http://h/v1/user-").pathOf("http://h/v1/user-7")).toBe("/v1/user-7");
  expect(new TargetUrl("http://h/v1?id=").pathOf("http://h/v1?id=7")).toBe("/v1?id=7");
  expect(new TargetUrl("http://h/v1/.").pathOf("http://h/v1/./x")).toBeNull();
});

test("the origin is canonical, whatever the spelling", () => {
  expect(new TargetUrl("HTTPS://Api.Example.COM:443/v1/").origin).toBe("https://api.example.com");
  expect(new TargetUrl("http://0x7f.1/").origin).toBe("http://127.0.0.1");
});

test.each([
  "",
  "ftp://h/",
  "https://user:secret@h/",
  "https://",
  "h/v1",
  "https://h/#",
  "https://h/../",
  "https://h/a b",
  "https://h\\@evil/",
  "https://[::1/",
])("%j is no place for a target, and the error does not repeat it", (prefix) => {
  const build = (): TargetUrl => new TargetUrl(prefix);

  expect(build).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  expect(build).not.toThrow(/secret/);
});
