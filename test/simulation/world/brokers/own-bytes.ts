import type { SinkRecord } from "@millrace/engine";

/**
 * What an event weighs in a target's own topics, bytes of key, value and headers. What Millrace adds is left out: so a plan
 * can say which events fit.
 */
export function ownBytes({
  key,
  value,
  headers,
}: Pick<SinkRecord, "headers" | "key" | "value">): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, header] of Object.entries(headers)) {
    if (!name.startsWith("millrace-") && header instanceof Uint8Array) bytes += header.length;
  }
  return bytes;
}
