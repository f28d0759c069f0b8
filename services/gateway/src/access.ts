import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import { mayEmitTo, type ApiKey, type ApiKeyRing } from "./api-key.ts";
import { Refusal } from "./problem.ts";

/** Who may emit: the holders of keys, or anyone on this machine. */
export type Access =
  { readonly kind: "keys"; readonly ring: () => ApiKeyRing } | { readonly kind: "loopback" };

/**
 * Lets a request in, by its headers alone: nothing of its body has been read.
 * @returns the key it came with; null where none is needed.
 * @throws Refusal `unauthenticated`, or `wrong-host`: without keys a page in a browser must not reach the gateway under
 *   a name of its own (DNS rebinding), so only this machine's names are served.
 */
export function admit(access: Access, headers: IncomingHttpHeaders, nowMs: number): ApiKey | null {
  if (access.kind === "loopback") {
    if (isLoopbackHost(hostnameOf(headers.host ?? ""))) return null;
    throw new Refusal("wrong-host", "without API keys only localhost is served");
  }
  const key = access.ring().find(presentedKey(headers), nowMs);
  if (key !== null) return key;
  const detail = "send a valid key as Authorization: Bearer <key>, or as X-Api-Key";
  const headersOfAnswer = { "www-authenticate": 'Bearer realm="millrace"' };
  throw new Refusal("unauthenticated", detail, { headers: headersOfAnswer });
}

/** @throws Refusal `forbidden` naming the topics that the key does not cover. */
export function assertMayEmit(key: ApiKey | null, topics: ReadonlySet<string>): void {
  if (key === null) return;
  const others = [...topics].filter((topic) => !mayEmitTo(key, topic));
  if (others.length === 0) return;
  throw new Refusal("forbidden", `the key does not cover the topics: ${others.join(", ")}`);
}

/** Whether a host, as an address or a name, is this machine only. */
export function isLoopbackHost(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith("127.");
  return host === "::1" || host === "localhost" || host.endsWith(".localhost");
}

function hostnameOf(host: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/u.exec(host)?.[1];
  return bracketed ?? host.replace(/:\d+$/u, "").toLowerCase();
}

function presentedKey(headers: IncomingHttpHeaders): string {
  const bearer = /^Bearer +(\S+) *$/iu.exec(headers.authorization ?? "")?.[1];
  const plain = headers["x-api-key"];
  return bearer ?? (typeof plain === "string" ? plain : "");
}
