/**
 * Entries of one detour or replay in the state topic, each of which tells of more than the ones before. An entry may be
 * deleted once a later one is known to hold, and no earlier: one whose acknowledgement was lost may be what the next owner
 * goes by, and whoever wrote it may not know that it has been overtaken.
 */
export class Trail {
  /** The last that is known to hold. */
  #last: string | null = null;
  /** Written since, with an end that is not known. */
  #unknown: string[] = [];
  #replaced: readonly string[] = [];

  /** Keys that the next write may delete. */
  get replaced(): readonly string[] {
    return this.#replaced;
  }

  /** An entry is about to be written. */
  begin(key: string): void {
    this.#unknown.push(key);
  }

  /** An entry holds: it replaces all that were written before. */
  keep(key: string): void {
    const before = this.#unknown.filter((one) => one !== key);
    if (this.#last !== null) before.push(this.#last);
    this.#replaced = [...this.#replaced, ...before];
    this.#unknown = [];
    this.#last = key;
  }

  /** These are deleted. */
  forget(keys: readonly string[]): void {
    this.#replaced = this.#replaced.filter((key) => !keys.includes(key));
  }
}
