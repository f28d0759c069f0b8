import type { ByteReader } from "./byte-reader.ts";

/** What is remembered: so many places, and names of so many bytes; the others are read anew each time. */
const PLACES_MAX = 32;
const NAME_BYTES_MAX = 64;

interface Known {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/**
 * Reads the names of headers: records of one producer have the same ones in the same places, so most are known by their
 * bytes, and need no text of their own.
 */
export class HeaderNames {
  readonly #known: Known[] = [];

  /** @param index the header's place among those of its record, from 0. */
  read(reader: ByteReader, index: number): string {
    const known = this.#known[index];
    if (known !== undefined && reader.skipIfNext(known.bytes)) return known.text;
    const bytes = reader.varBytes();
    if (bytes === null) return "";
    const text = bytes.toString("utf8");
    if (index < PLACES_MAX && bytes.length <= NAME_BYTES_MAX) {
      this.#known[index] = { bytes: new Uint8Array(bytes), text };
    }
    return text;
  }
}
