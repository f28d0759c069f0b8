import { hash } from "node:crypto";

const known = new Map<string, string>();
const KNOWN_MAX = 50_000;

/** SHA-256 in hex; bodies repeat, so what was asked is kept. */
export function digest(bytes: Uint8Array | string): string {
  if (typeof bytes !== "string") return hash("sha256", bytes);
  let sha = known.get(bytes);
  if (sha === undefined) {
    if (known.size >= KNOWN_MAX) known.clear();
    sha = hash("sha256", bytes);
    known.set(bytes, sha);
  }
  return sha;
}
