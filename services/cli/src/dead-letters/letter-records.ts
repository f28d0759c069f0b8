/** The records of dead letters, with their values, which nothing keeps. */
import { ownTopics } from "@millrace/config";
import type { SourceRecord } from "@millrace/engine";
import type { OffsetSpan, OpenDeadLetter } from "@millrace/jobs";
import { readTargetTopic, type DeskOptions } from "./dead-letter-desk.ts";

/** Gets a dead letter with its record; a promise is waited for. */
export type OnLetterRecord = (letter: OpenDeadLetter, record: SourceRecord) => unknown;

/**
 * Reads the records of these dead letters, by partition and offset of their topic: of each partition from the first that is
 * meant to the last. Those that retention has taken meanwhile do not come.
 */
export async function readLetterRecords(
  options: DeskOptions,
  letters: readonly OpenDeadLetter[],
  onRecord: OnLetterRecord,
): Promise<void> {
  if (letters.length === 0) return;
  const { dead } = ownTopics(options.settings.namespace, options.target.name);
  const byPlace = new Map(letters.map((letter) => [placeOf(letter.at), letter]));
  await readTargetTopic({ ...options, spans: spansOf(letters) }, dead, (record) => {
    const letter = byPlace.get(placeOf(record));
    return letter === undefined ? undefined : onRecord(letter, record);
  });
}

/** From the first to the last of them in each partition of their topic. */
export function spansOf(
  letters: readonly Pick<OpenDeadLetter, "at">[],
): ReadonlyMap<number, OffsetSpan> {
  const spans = new Map<number, OffsetSpan>();
  for (const { at } of letters) {
    const { from, to } = spans.get(at.partition) ?? { from: at.offset, to: 0 };
    spans.set(at.partition, { from: Math.min(from, at.offset), to: Math.max(to, at.offset + 1) });
  }
  return spans;
}

function placeOf({ partition, offset }: OpenDeadLetter["at"] | SourceRecord): string {
  return `${partition}:${offset}`;
}
