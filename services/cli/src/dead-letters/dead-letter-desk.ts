/** A target's dead letters and the keys that wait behind them, as Kafka has them now; no process need run. */
import { ownTopics, stateTopic, type TargetConfig } from "@millrace/config";
import type { ControlBoard } from "@millrace/control";
import { asTarget, asTopic, listSetAside, type SetAsideKey } from "@millrace/engine";
import {
  DeadLetterShelf,
  ParkedCount,
  readAsideTopic,
  readDeadLetter,
  type AsideReading,
  type OpenDeadLetter,
} from "@millrace/jobs";
import { createControlLog, createLogReader } from "@millrace/kafka";
import { withBoard } from "../control-access.ts";
import { Progress } from "../output/progress.ts";
import type { Terminal } from "../output/terminal.ts";
import { connectionOf, type Settings } from "../settings.ts";

/** What is known of a target's dead letters. */
export interface DeadLetterDesk {
  readonly board: ControlBoard;
  readonly setAside: readonly SetAsideKey[];
  /** Open ones, the oldest first. */
  readonly letters: readonly OpenDeadLetter[];
  /** The keys that are set aside by now. */
  readSetAside(): Promise<readonly SetAsideKey[]>;
  /** Events that wait behind each key. Reads the parked topic. */
  countParked(): Promise<ParkedCount>;
}

/** What is read, and where progress is shown. */
export interface DeskOptions {
  readonly settings: Settings;
  readonly target: TargetConfig;
  readonly terminal: Terminal;
}

/** Does something with a target's dead letters. */
export function withDeadLetters<Result>(
  options: DeskOptions,
  task: (desk: DeadLetterDesk) => Promise<Result>,
): Promise<Result> {
  const { settings, target } = options;
  const { dead, parked } = ownTopics(settings.namespace, target.name);
  return withBoard(settings, async (board) => {
    const setAside = await readSetAside(settings, target);
    const letters = await readLetters(options, { board, setAside, topic: dead });
    return await task({
      board,
      setAside,
      letters,
      readSetAside: () => readSetAside(settings, target),
      async countParked() {
        const count = new ParkedCount(setAside);
        await readTargetTopic(options, parked, (record) => count.add(record));
        return count;
      },
    });
  });
}

async function readSetAside(
  settings: Settings,
  target: TargetConfig,
): Promise<readonly SetAsideKey[]> {
  const topic = asTopic(stateTopic(settings.namespace));
  const log = createControlLog({ connection: connectionOf(settings), topic });
  try {
    await log.readToEnd();
    return listSetAside(log, asTarget(target.name));
  } finally {
    await log.close();
  }
}

async function readLetters(
  options: DeskOptions,
  of: {
    readonly board: ControlBoard;
    readonly setAside: readonly SetAsideKey[];
    readonly topic: string;
  },
): Promise<readonly OpenDeadLetter[]> {
  const { board, setAside, topic } = of;
  const { name, order, onDeadLetter } = options.target;
  const shelf = new DeadLetterShelf();
  await readTargetTopic(options, topic, (record) => {
    const letter = readDeadLetter(record);
    if (letter !== null) shelf.add(letter);
  });
  return shelf.open({
    setAside,
    isResolved: (letter) =>
      board.isResolved(asTarget(name), { ...letter, writtenAtMs: letter.at.timestampMs }),
    holdsKeys: order === "none" || onDeadLetter === "skip" ? "no" : "yes",
  });
}

/** Reads one of a target's own topics as it stands, or these spans of it, and shows progress. */
export async function readTargetTopic(
  { settings, terminal, spans }: DeskOptions & Pick<AsideReading, "spans">,
  topic: string,
  onRecord: AsideReading["onRecord"],
): Promise<void> {
  const reader = createLogReader({ connection: connectionOf(settings) });
  const progress = new Progress(terminal);
  try {
    await readAsideTopic({
      reader,
      topic: asTopic(topic),
      ...(spans === undefined ? {} : { spans }),
      onRecord,
      onProgress: ({ readCount, totalCount }) =>
        progress.show(readCount, totalCount === 0 ? 1 : readCount / totalCount),
    });
  } finally {
    progress.end();
    await reader.close();
  }
}
