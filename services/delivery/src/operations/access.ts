import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";

/**
 * Who may read the state of this process. With a token whoever has it; without one only this machine, so that what is opened
 * to a network by mistake says nothing.
 */
export type Access =
  | { readonly kind: "token"; readonly digest: Uint8Array }
  | { readonly kind: "open" }
  | { readonly kind: "closed" };

/** What an answer is, by the request's `Authorization`. */
export type AccessRuling = "allowed" | "unauthorized" | "closed";

/** The rule for a host that is listened on. */
export function accessFor(host: string, token: string | undefined): Access {
  if (token !== undefined && token !== "") return { kind: "token", digest: digestOf(token) };
  return isLoopback(host) ? { kind: "open" } : { kind: "closed" };
}

/** Whether a request may read. */
export function ruleAccess(access: Access, authorization: string | undefined): AccessRuling {
  if (access.kind === "open") return "allowed";
  if (access.kind === "closed") return "closed";
  const [, token] = /^Bearer (.+)$/iu.exec(authorization ?? "") ?? [];
  const isKnown = token !== undefined && timingSafeEqual(digestOf(token), access.digest);
  return isKnown ? "allowed" : "unauthorized";
}

function digestOf(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}

function isLoopback(host: string): boolean {
  if (host === "localhost" || host === "::1") return true;
  return isIP(host) === 4 && host.startsWith("127.");
}
