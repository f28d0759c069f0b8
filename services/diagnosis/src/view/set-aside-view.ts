import type { EngineState, Marker, PreparedEvent } from "@millrace/engine";
import { keyText } from "./key-text.ts";

type State = EngineState<PreparedEvent>;
type Partition = State["partitions"] extends Map<string, infer P> ? P : never;

/** Keys set aside of a partition that are told of, the lowest offsets first. */
export const SET_ASIDE_MAX = 100;

/** A key whose later events do not follow the others. */
export interface SetAsideView {
  readonly kind: Marker["kind"];
  /** UTF-8, else hex; null: the whole partition (`order: partition`). */
  readonly key: string | null;
  /** Of its dead letter, or of the deferred event, in the source partition. */
  readonly offset: string;
  /** How often the dead letter had been redriven when it was given up. */
  readonly redriveCount: number;
  /** Events that this process has parked since it owns the partition; what earlier owners parked is not counted. */
  readonly parkedHere: number;
  /** What was set aside is on its way back: a redrive, or a slow key that goes on. */
  readonly returning: boolean;
}

/** Takes a picture of the keys of a partition that are set aside, at most {@link SET_ASIDE_MAX}. */
export function viewSetAside(
  { aside }: Partition,
  order: State["config"]["order"],
): readonly SetAsideView[] {
  const all = [...aside.values()].sort((one, other) => one.marker.offset - other.marker.offset);
  return all.slice(0, SET_ASIDE_MAX).map(({ marker, parkedCount, detour }) => {
    const { kind, lane, offset, redriveCount } = marker;
    return {
      kind,
      key: order === "partition" ? null : keyText(Buffer.from(lane, "latin1")),
      offset: String(offset),
      redriveCount,
      parkedHere: parkedCount,
      returning: detour !== null,
    };
  });
}
