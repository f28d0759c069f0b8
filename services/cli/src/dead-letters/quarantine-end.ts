/** Which keys in quarantine are to go on without their dead letters, and what nobody will deliver then. Pure. */
import type { ControlBoard } from "@millrace/control";
import { asOffset, type DiscardRequest, type SetAsideKey, type TargetId } from "@millrace/engine";
import type { OpenDeadLetter, ParkedCount } from "@millrace/jobs";
import type { Column } from "../output/table.ts";
import { recordKeyText } from "./key-text.ts";
import type { LetterFlags } from "./letter-filter.ts";
import { placeText } from "./letter-item.ts";
import { wishName } from "./redrive-plan.ts";

/** `release`: all that is parked is delivered. `drop`: that is dropped too. */
export type QuarantineEnd = "drop" | "release";

/** Why a key is left that was named. */
export type LeftReason = "blocked" | "deferred" | "wanted";

/** A key, and what would become of what waits behind it. */
export interface QuarantineEndItem {
  /** UTF-8, else hex; null: the whole partition (`order: partition`). */
  readonly key: string | null;
  readonly kind: SetAsideKey["kind"];
  readonly topic: string;
  readonly partition: number;
  /** Of the dead letter; offsets are text. */
  readonly offset: string;
  /** Null where the dead letter is gone from its topic. */
  readonly reason: string | null;
  /** Events that nobody will deliver, the dead letter among them. */
  readonly dropped: number;
  /** Events parked behind it that are delivered. */
  readonly delivered: number;
}

/** What is to be done. */
export interface QuarantineEndPlan {
  /** As long as the items, in their order. */
  readonly requests: readonly DiscardRequest[];
  readonly items: readonly QuarantineEndItem[];
  readonly left: ReadonlyMap<LeftReason, readonly SetAsideKey[]>;
}

/** Which keys are meant; what is left out means all. */
export type KeyFilter = Omit<LetterFlags, "target">;

/** What is planned by. */
export interface QuarantineEndBasis {
  readonly setAside: readonly SetAsideKey[];
  readonly letters: readonly OpenDeadLetter[];
  /** Those of them that are meant. */
  readonly meant: readonly OpenDeadLetter[];
  readonly parked: ParkedCount;
  /** What someone else wants of the target's keys. */
  readonly wanted: ReadonlySet<string>;
}

/** Dead letters of which a target's people want something. */
export function wantedOf(board: ControlBoard, target: TargetId): ReadonlySet<string> {
  const all = [...board.redrives(target), ...board.discards(target)];
  return new Set(all.map(({ request }) => wishName(request)));
}

/** Plans the end of the quarantine of the keys that are meant, in the order in which they are set aside. */
export function planQuarantineEnd(
  how: QuarantineEnd,
  filter: KeyFilter,
  { setAside, letters, meant: meantLetters, parked, wanted }: QuarantineEndBasis,
): QuarantineEndPlan {
  const byPlace = new Map(letters.map((letter) => [placeText(letter), letter]));
  const letterOf = (key: SetAsideKey): OpenDeadLetter | undefined => byPlace.get(placeText(key));
  const isMeantLetter = new Set(meantLetters);
  const meant = setAside.filter((key) => {
    const letter = key.kind === "deferred" ? undefined : letterOf(key);
    return letter === undefined ? isNamed(key, filter) : isMeantLetter.has(letter);
  });
  const why = (key: SetAsideKey): LeftReason | null => {
    if (key.kind === "deferred") return "deferred";
    if (wanted.has(wishName(key))) return "wanted";
    return key.kind === "block" && how === "drop" ? "blocked" : null;
  };
  const taken = meant.filter((key) => why(key) === null);
  const left = new Map<LeftReason, readonly SetAsideKey[]>();
  for (const key of meant) {
    const reason = why(key);
    if (reason !== null) left.set(reason, [...(left.get(reason) ?? []), key]);
  }
  return {
    requests: taken.map((key) => requestOf(key, how === "drop" ? parked.last(key) : null)),
    items: taken.map((key) => {
      const parkedCount = parked.of(key);
      const [more, delivered] = how === "drop" ? [parkedCount, 0] : [0, parkedCount];
      return { ...placeOf(key, letterOf(key)), dropped: 1 + more, delivered };
    }),
    left,
  };
}

/** The table of a plan. */
export const QUARANTINE_END_COLUMNS: readonly Column<QuarantineEndItem>[] = [
  { name: "key", cell: ({ key }) => key ?? "(whole partition)" },
  { name: "dead letter", cell: placeText },
  { name: "reason", cell: ({ reason }) => reason ?? "-" },
  { name: "dropped", cell: ({ dropped }) => String(dropped), align: "right" },
  { name: "delivered", cell: ({ delivered }) => String(delivered), align: "right" },
];

/** A key without a dead letter, or whose dead letter is gone from its topic, is named by its own name alone. */
function isNamed({ key }: SetAsideKey, { key: names, ...others }: KeyFilter): boolean {
  if (Object.values(others).some((value) => value !== undefined)) return false;
  return names === undefined || names.includes(recordKeyText(key) ?? "");
}

function requestOf(
  { topic, partition, key, offset, redriveCount }: SetAsideKey,
  last: number | null,
): DiscardRequest {
  const below = asOffset(Math.max(offset, last ?? 0) + 1);
  return { topic, partition, key, offset, redriveCount, below };
}

function placeOf(
  { key, kind, topic, partition, offset }: SetAsideKey,
  letter: OpenDeadLetter | undefined,
): Omit<QuarantineEndItem, "delivered" | "dropped"> {
  return {
    ...{ key: key === "" ? null : recordKeyText(key), kind, topic, partition },
    offset: String(offset),
    reason: letter === undefined ? null : `${letter.reason}: ${letter.error}`,
  };
}
