/**
 * What a delivery process says of itself to whoever describes its group (the user data of Kafka's member metadata): it is gone with
 * the member, so nobody is sent to a process that has ended. JSON, version 1.
 */
import { isVersionOne } from "./wish.ts";

/** Who a member is. */
export interface MemberNote {
  /** As claims and pauses name it. */
  readonly process: string;
  /** Where its state is served; null: nowhere. */
  readonly api: string | null;
}

/** The text of a note. */
export function memberNote({ process, api }: MemberNote): string {
  return JSON.stringify({ v: 1, process, api });
}

/** Reads a note; null where a member says nothing, or is another program's. */
export function readMemberNote(text: string): MemberNote | null {
  const value = parsed(text);
  if (!isVersionOne(value)) return null;
  const { process, api } = value;
  if (typeof process !== "string") return null;
  return { process, api: typeof api === "string" ? api : null };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
