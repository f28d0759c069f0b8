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

/** A control topic in memory; its logs hear of each other's writes at once, once they have read. */
export class MemoryControlTopic {
  readonly entries: Entry[] = [];
  readonly #logs = new Set<MemoryControlLog>();
  /** Asked before each write; throws where it must fail. */
  onAppend: () => Promise<void> = () => Promise.resolve();

  /** A view of it, empty until it reads. */
  open(): MemoryControlLog {
    return new MemoryControlLog(this, (log) => this.#logs.add(log));
  }

  /** Writes, whoever does it. */
  write(entries: readonly Entry[]): readonly Offset[] {
    const offsets = entries.map((entry) => asOffset(this.entries.push(entry) - 1));
    for (const log of this.#logs) log.catchUp();
    return offsets;
  }

  /** The last value of a key. */
  latest(key: string): unknown {
    return this.entries.findLast((entry) => entry.key === key)?.value;
  }
}

/** A view of a {@link MemoryControlTopic}. */
export class MemoryControlLog implements ControlLog {
  readonly #topic: MemoryControlTopic;
  readonly #onBegun: (log: MemoryControlLog) => void;
  readonly #view = new Map<string, StateEntry>();
  readonly #listeners = new Set<ControlListener>();
  #next = 0;

  constructor(topic: MemoryControlTopic, onBegun: (log: MemoryControlLog) => void) {
    this.#topic = topic;
    this.#onBegun = onBegun;
  }

  async append(entries: readonly Entry[]): Promise<readonly Offset[]> {
    await this.#topic.onAppend();
    return this.#topic.write(entries);
  }

  readTo(): Promise<void> {
    return this.readToEnd();
  }

  readToEnd(): Promise<void> {
    this.#onBegun(this);
    this.catchUp();
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

  /** Reads what was written since. */
  catchUp(): void {
    for (const { key, value } of this.#topic.entries.slice(this.#next)) {
      const entry = value === null ? null : { offset: asOffset(this.#next), value };
      this.#next += 1;
      if (entry === null) this.#view.delete(key);
      else this.#view.set(key, entry);
      for (const listener of this.#listeners) listener(key, entry);
    }
  }
}
