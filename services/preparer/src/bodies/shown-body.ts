import { Buffer } from "node:buffer";
import type { JournalBody } from "@millrace/engine";

/** A body whose text may be seen; cut after so many bytes, and marked as such. */
export function shownBody(text: string, byteCount: number, bytesMax: number): JournalBody {
  return { text: cutText(text, bytesMax), byteCount, withheld: null };
}

/** A body of which nothing may be seen but how long it is. */
export function withheldBody(withheld: string, byteCount: number): JournalBody {
  return { text: null, byteCount, withheld };
}

/** No character is cut in two. */
function cutText(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= bytesMax) return text;
  let end = bytesMax;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return `${bytes.toString("utf8", 0, end)}…`;
}
