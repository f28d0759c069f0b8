import { stateTopic } from "@millrace/config";
import type { ControlBoard } from "@millrace/control";
import { asTopic, type ControlLog } from "@millrace/engine";
import {
  createControlLog,
  createLogReader,
  createTopicAdmin,
  type LogReader,
  type TopicAdmin,
} from "@millrace/kafka";
import { withBoard } from "../../control-access.ts";
import { withJournal, type Journal } from "../../journal-access.ts";
import type { Terminal } from "../../output/terminal.ts";
import { connectionOf, type Settings } from "../../settings.ts";

/** What is asked about events, and with what. */
export interface EventInquiry {
  readonly settings: Settings;
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  /** What `/v1` of the processes asks for, if anything. */
  readonly token: string | undefined;
}

/** Everything that knows of events. */
export interface EventWorld extends EventInquiry {
  readonly reader: LogReader;
  readonly admin: TopicAdmin;
  readonly journal: Journal;
  readonly board: ControlBoard;
  /** The state topic. */
  readonly state: Pick<ControlLog, "list" | "readToEnd">;
}

/** Does something with all of it; its connections end with that. */
export async function withEventWorld<Result>(
  inquiry: EventInquiry,
  task: (world: EventWorld) => Promise<Result>,
): Promise<Result> {
  const { settings } = inquiry;
  const connection = connectionOf(settings);
  const reader = createLogReader({ connection });
  const admin = createTopicAdmin({ connection });
  const topic = asTopic(stateTopic(settings.namespace));
  const state = createControlLog({ connection, topic });
  try {
    return await withBoard(settings, (board) =>
      withJournal({ ...inquiry, reader }, (journal) =>
        task({ ...inquiry, reader, admin, journal, board, state }),
      ),
    );
  } finally {
    await Promise.all([reader.close(), admin.close(), state.close()]);
  }
}
