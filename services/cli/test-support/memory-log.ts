import {
  asOffset,
  type Cancel,
  type ControlListener,
  type ControlLog,
  type Offset,
  type StateEntry,
} from "@millrace/engine";

interface Entry {
  readonly key: string;
  readonly value: unknown;
}

/** A compacted topic in memory, whose one reader sees all of it at once. */
export class MemoryLog implements ControlLog {
  readonly entries: Entry[] = [];
  readonly #view = new Map<string, StateEntry>();
  readonly #listeners = new Set<ControlListener>();
  /** Asked before each write; throws where it must fail. */
  onAppend: (keys: readonly string[]) => Promise<void> = () => Promise.resolve();

  async append(entries: readonly Entry[]): Promise<readonly Offset[]> {
    await this.onAppend(entries.map(({ key }) => key));
    return entries.map(({ key, value }) => {
      const offset = asOffset(this.entries.push({ key, value }) - 1);
      const entry = value === null ? null : { offset, value };
      if (entry === null) this.#view.delete(key);
      else this.#view.set(key, entry);
      for (const listener of this.#listeners) listener(key, entry);
      return offset;
    });
  }

  readTo(): Promise<void> {
    return Promise.resolve();
  }

  readToEnd(): Promise<void> {
    return Promise.resolve();
  }

  follow(listener: ControlListener): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get(key: string): StateEntry | undefined {
    return this.#view.get(key);
  }

  list(prefix: string): readonly (readonly [string, StateEntry])[] {
    return [...this.#view].filter(([key]) => key.startsWith(prefix));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
