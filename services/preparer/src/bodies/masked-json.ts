/** JSON without what nobody may see. Pure. */
import { MASK } from "@millrace/schemas";
import type { PersonalMatcher } from "./personal-matcher.ts";

/** What nobody may see. */
export interface HiddenThings {
  /** Personal values; null: there are none, and nothing is personal. */
  readonly personal: PersonalMatcher | null;
  /** Names of members that hold personal values, as {@link plainName} has them. */
  readonly names: ReadonlySet<string>;
  /** Takes secrets out of a text. */
  readonly maskText: (text: string) => string;
}

/** A JSON value with what is hidden masked. A member that is hidden by its name or in its name is masked whole; null stays. */
export function maskedJson(value: unknown, hidden: HiddenThings): unknown {
  if (typeof value === "string") return maskedText(value, hidden);
  if (typeof value === "number") return maskedNumber(value, hidden);
  if (Array.isArray(value)) return value.map((item) => maskedJson(item, hidden));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries<unknown>({ ...value }).map(
    ([name, member]): readonly [string, unknown] => {
      const shown = maskedText(name, hidden);
      const isHidden = shown !== name || hidden.names.has(plainName(name));
      return [shown, isHidden && member !== null ? MASK : maskedJson(member, hidden)];
    },
  );
  return Object.fromEntries(entries);
}

/** The names of members that are masked, or whose items are. */
export function maskedNames(value: unknown, found = new Set<string>()): ReadonlySet<string> {
  if (Array.isArray(value)) for (const item of value) maskedNames(item, found);
  else if (typeof value === "object" && value !== null) {
    for (const [name, member] of Object.entries<unknown>({ ...value })) {
      const isMasked = member === MASK || (Array.isArray(member) && member.includes(MASK));
      if (isMasked) found.add(plainName(name));
      maskedNames(member, found);
    }
  }
  return found;
}

/** A name without case and separators: `display_name`, `displayName` and `Display-Name` are one. */
export function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
}

function maskedText(text: string, { personal, maskText }: HiddenThings): string {
  return personal?.isIn(text) === true ? MASK : maskText(text);
}

function maskedNumber(value: number, { personal, maskText }: HiddenThings): unknown {
  const text = String(value);
  return personal?.isNumber(value) === true || maskText(text) !== text ? MASK : value;
}
