/** Offsets that one page of a set is for. */
const PAGE_OFFSETS = 65_536;

/** Offsets, a bit each where they lie close together: ranges have millions of them, and logs have gaps. */
export class OffsetSet {
  readonly #pages = new Map<number, Uint8Array>();

  add(offset: number): void {
    const [page, place] = [Math.floor(offset / PAGE_OFFSETS), offset % PAGE_OFFSETS];
    const bits = this.#pages.get(page) ?? new Uint8Array(PAGE_OFFSETS / 8);
    const byte = place >> 3;
    bits[byte] = (bits[byte] ?? 0) | (1 << (place & 7));
    this.#pages.set(page, bits);
  }

  has(offset: number): boolean {
    const place = offset % PAGE_OFFSETS;
    const byte = this.#pages.get(Math.floor(offset / PAGE_OFFSETS))?.[place >> 3] ?? 0;
    return (byte & (1 << (place & 7))) !== 0;
  }
}
