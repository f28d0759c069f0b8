import { isUtf8 } from "node:buffer";

/** A record key for people: UTF-8, else hex. */
export function keyText(key: Uint8Array): string {
  const bytes = Buffer.from(key);
  return isUtf8(bytes) ? bytes.toString() : bytes.toString("hex");
}
