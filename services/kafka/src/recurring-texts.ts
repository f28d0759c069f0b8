import type { ByteReader } from "./byte-reader.ts";

/** What is remembered: so many places, and texts of so many characters; the others are read anew each time. */
const PLACES_MAX = 32;
const LENGTH_MAX = 64;

/**
 * Reads texts that are mostly the same in the same places of records: the names of headers, and many of their values. One that is as
 * it was in the record before is known by its bytes, and needs no text of its own, as long as it is ASCII.
 */
export class RecurringTexts {
  readonly #known: string[] = [];

  /** @param place which text of its record it is, from 0. */
  read(reader: ByteReader, place: number): string {
    const known = this.#known[place];
    if (known !== undefined && reader.skipIfNext(known)) return known;
    const text = reader.varText();
    if (place < PLACES_MAX && text.length <= LENGTH_MAX) this.#known[place] = text;
    return text;
  }
}
