/** A member of what a JSON pointer names (RFC 6901, section 4: `~` and `/` are escaped). */
export function childPointer(pointer: string, member: string): string {
  return `${pointer}/${member.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
