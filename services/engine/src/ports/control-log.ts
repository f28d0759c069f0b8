import type { Cancel } from "./clock.ts";
import type { StateEntry, StateLog } from "./state-log.ts";

/** Hears of an entry that was read: null where the key was deleted. Must not throw. */
export type ControlListener = (key: string, entry: StateEntry | null) => void;

/**
 * The single-partition, compacted topic `<ns>.control`: desired state (pauses, redrives, jobs), which processes follow.
 * Keys and values are as in {@link StateLog}.
 */
export interface ControlLog extends StateLog {
  /**
   * Resolves when everything that was acknowledged before the call has been read into the view.
   * @throws MillraceError `BROKER_UNREACHABLE` (retry), `TOPIC_MISSING`.
   */
  readToEnd(): Promise<void>;
  /** Has every entry told that is read from now on, in the order of the log; reading goes on by itself from the first reading. */
  follow(listener: ControlListener): Cancel;
}
