import type { Offset } from "../core/lanes/identity.ts";

/** A value of the compacted state topic with where it stands. */
export interface StateEntry {
  readonly offset: Offset;
  /** Parsed JSON; its shape belongs to the key's prefix and is checked by the reader. */
  readonly value: unknown;
}

/**
 * The single-partition, compacted topic `<ns>.state`: claims, `initialised`, and later markers and releases.
 * A key is a path (`claim/<target>/<topic>/<partition>`), a value JSON, a null value deletes the key.
 */
export interface StateLog {
  /** Writes in order, acknowledged; gives the offset of each. */
  append(
    entries: readonly { readonly key: string; readonly value: unknown }[],
  ): Promise<readonly Offset[]>;
  /** Resolves when everything up to and including `offset` has been read into the view. */
  readTo(offset: Offset): Promise<void>;
  /** The latest value of a key in what has been read so far. */
  get(key: string): StateEntry | undefined;
  /** All live keys that begin with `prefix`, in no order. */
  list(prefix: string): readonly (readonly [key: string, entry: StateEntry])[];
  /** Disconnects. Idempotent. */
  close(): Promise<void>;
}
