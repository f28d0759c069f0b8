/** Who wants something, why, and since when: part of every entry. */
export interface Wish {
  /** A person, or the process whose guard it was. */
  readonly by: string;
  /** For people; of a guard its code. */
  readonly reason: string;
  /** Epoch ms. */
  readonly at: number;
}

/** A wish as it stands in an entry. */
export interface WishValue {
  readonly by: string;
  readonly reason: string;
  readonly at: string;
}

/** The form of the log. */
export function wishValue({ by, reason, at }: Wish): WishValue {
  return { by, reason, at: new Date(at).toISOString() };
}

/** Reads one; null where it is none. */
export function readWish(value: Readonly<Record<string, unknown>>): Wish | null {
  const { by, reason, at } = value;
  if (typeof by !== "string" || typeof reason !== "string" || typeof at !== "string") return null;
  const time = Date.parse(at);
  return Number.isNaN(time) ? null : { by, reason, at: time };
}

/** Whether a value is an object of version 1. */
export function isVersionOne(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && "v" in value && value.v === 1;
}
