import { BoundFields } from "./binding.ts";

/** The root `event` of an expression. */
export class EventFields extends BoundFields {
  readonly #read: (name: string) => unknown;

  /** @param read gives an attribute as a CEL value. */
  constructor(read: (name: string) => unknown) {
    super();
    this.#read = read;
  }

  override get(name: string): unknown {
    return this.#read(name);
  }
}
