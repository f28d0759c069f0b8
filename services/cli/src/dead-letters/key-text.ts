import { isUtf8 } from "node:buffer";
import type { RecordKey } from "@millrace/engine";

/** A record key as people write it: UTF-8, else hex; null where there is none. */
export function recordKeyText(key: RecordKey | null): string | null {
  if (key === null) return null;
  const bytes = Buffer.from(key, "latin1");
  return isUtf8(bytes) ? bytes.toString() : bytes.toString("hex");
}
