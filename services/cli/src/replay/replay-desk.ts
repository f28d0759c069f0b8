/** The replays of a configuration's targets, as the control topic wants them and the state topic tells of them. */
import { stateTopic } from "@millrace/config";
import type { ControlBoard, ReplayJob } from "@millrace/control";
import { asTopic, listReplays } from "@millrace/engine";
import { createControlLog } from "@millrace/kafka";
import { nearest } from "@millrace/schemas";
import { CliError } from "../cli-error.ts";
import { withBoard } from "../control-access.ts";
import { EXIT } from "../exit-code.ts";
import { connectionOf, type Settings } from "../settings.ts";
import { replayItem, type ReplayItem } from "./replay-item.ts";

/** What may be asked of it. */
export interface ReplayDesk {
  readonly board: ControlBoard;
  /** All jobs, as of now, by when they were last changed. */
  readonly items: () => Promise<readonly ReplayItem[]>;
  /** One of them. @throws CliError not found. */
  readonly item: (id: string) => Promise<ReplayItem>;
  /** What stands on the board. @throws CliError not found. */
  readonly job: (id: string) => ReplayJob;
}

const LIST_HINT = "millrace replay list shows those that there are";

/** Does something with the replays. */
export function withReplays<Result>(
  settings: Settings,
  task: (desk: ReplayDesk) => Promise<Result>,
): Promise<Result> {
  return withBoard(settings, async (board) => {
    const topic = asTopic(stateTopic(settings.namespace));
    const state = createControlLog({ connection: connectionOf(settings), topic });
    const itemsOf = async (jobs: readonly ReplayJob[]): Promise<readonly ReplayItem[]> => {
      await state.readToEnd();
      const sorted = jobs.toSorted((one, other) => one.wish.at - other.wish.at);
      return sorted.map((job) => replayItem(job, listReplays(state, job.target)));
    };
    const job = (id: string): ReplayJob => {
      const found = board.jobs().find((one) => one.id === id);
      if (found !== undefined) return found;
      const near = nearest(
        id,
        board.jobs().map((one) => one.id),
      );
      throw new CliError(EXIT.notFound, `no such replay: ${id}`, {
        hint: near === null ? LIST_HINT : `did you mean ${near}?`,
      });
    };
    try {
      return await task({
        board,
        job,
        items: () => itemsOf(board.jobs()),
        item: async (id) => {
          await state.readToEnd();
          const found = job(id);
          return replayItem(found, listReplays(state, found.target));
        },
      });
    } finally {
      await state.close();
    }
  });
}
