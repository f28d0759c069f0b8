import { Refusal } from "./problem.ts";

/** Bytes of request bodies that are in work, bounded: what does not fit is refused before it is read. */
export class ByteBudget {
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Takes bytes; call what it returns, any number of times, to give them back.
   * @throws Refusal `overloaded`.
   */
  take(bytes: number): () => void {
    if (this.#bytes + bytes > this.#bytesMax) {
      throw new Refusal("overloaded", "too many bytes are in work already");
    }
    this.#bytes += bytes;
    let isHeld = true;
    return () => {
      if (isHeld) this.#bytes -= bytes;
      isHeld = false;
    };
  }
}
