/** The dead letters that a command line means. */
import type { OpenDeadLetter } from "@millrace/jobs";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { safeText } from "../output/safe-text.ts";
import { targetFilter } from "../tail/target-filter.ts";
import type { FilterVerdict } from "../tail/event-matcher.ts";
import { withDeadLetters, type DeadLetterDesk, type DeskOptions } from "./dead-letter-desk.ts";
import { filterLetters, type LetterFlags } from "./letter-filter.ts";
import { placeText } from "./letter-item.ts";
import { LetterJudge } from "./letter-judge.ts";
import { readLetterRecords, type OnLetterRecord } from "./letter-records.ts";

/** Names that are shown of dead letters that are left out. */
const NAMES_MAX = 5;

/** A target's dead letters, and which of them are meant. */
export interface MeantDesk extends DeadLetterDesk {
  /** In the order of `letters`. */
  readonly meant: readonly OpenDeadLetter[];
}

/**
 * Does something with the dead letters that are meant. Those that a filter cannot be asked about are left out and told, and
 * what would have ended well then ends with 3.
 * @throws CliError usage for a filter that does not hold, before anything is read.
 */
export async function withMeantLetters(
  options: DeskOptions,
  flags: LetterFlags,
  task: (desk: MeantDesk) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { settings, target, terminal } = options;
  const { filter } = flags;
  const { topics } = target;
  const judge =
    filter === undefined
      ? null
      : new LetterJudge(await targetFilter(filter, { target, topics, settings }));
  return withDeadLetters(options, async (desk) => {
    const named = filterLetters(desk.letters, flags);
    const { meant, unfilterable } =
      judge === null
        ? { meant: named, unfilterable: [] }
        : await judgeLetters(named, judge, (onRecord) =>
            readLetterRecords(options, named, onRecord),
          );
    if (unfilterable.length > 0) terminal.complain(safeText(unfilterableText(unfilterable)));
    const exitCode = await task({ ...desk, meant });
    return exitCode === EXIT.ok && unfilterable.length > 0 ? EXIT.partial : exitCode;
  });
}

/** Dead letters that were asked about. */
export interface JudgedLetters {
  readonly meant: readonly OpenDeadLetter[];
  /** Those that it cannot be asked about. */
  readonly unfilterable: readonly OpenDeadLetter[];
}

/**
 * Judges dead letters while their records are read; one whose record does not come cannot be judged. Both lists are in the
 * order given.
 */
export async function judgeLetters(
  letters: readonly OpenDeadLetter[],
  judge: Pick<LetterJudge, "judge">,
  read: (onRecord: OnLetterRecord) => Promise<void>,
): Promise<JudgedLetters> {
  const verdicts = new Map<OpenDeadLetter, FilterVerdict>();
  await read(async (letter, record) => verdicts.set(letter, await judge.judge(record)));
  const verdictOf = (letter: OpenDeadLetter): FilterVerdict =>
    verdicts.get(letter) ?? "unfilterable";
  return {
    meant: letters.filter((letter) => verdictOf(letter) === "matches"),
    unfilterable: letters.filter((letter) => verdictOf(letter) === "unfilterable"),
  };
}

/** How many are left out, why, and how they are named. */
export function unfilterableText(letters: readonly OpenDeadLetter[]): string {
  const names = letters.slice(0, NAMES_MAX).map((letter) => letter.id ?? placeText(letter));
  const more = letters.length - names.length;
  const [count, are] =
    letters.length === 1 ? ["1 dead letter", "is"] : [`${letters.length} dead letters`, "are"];
  return (
    `${count} ${are} left out: the filter cannot be asked, since the event cannot be decoded or has not what it asks for. ` +
    `Without --filter: --id ${names.join(" ")}${more === 0 ? "" : `, and ${more} more`}`
  );
}
