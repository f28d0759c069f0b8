import { randomUUID } from "node:crypto";
import { hostname, userInfo } from "node:os";
import { controlTopic } from "@millrace/config";
import { ControlBoard, type Wish } from "@millrace/control";
import { asTopic } from "@millrace/engine";
import { createControlLog } from "@millrace/kafka";
import { connectionOf, type Settings } from "./settings.ts";

/** Who wants something, and why, as the command line takes it. */
export interface WishOptions {
  readonly reason: string;
  /** Default: the user, at this machine. */
  readonly by?: string | undefined;
}

/** Does something with what is wanted of the targets, as it stands now. */
export async function withBoard<Result>(
  settings: Pick<Settings, "kafka" | "namespace">,
  task: (board: ControlBoard) => Promise<Result> | Result,
): Promise<Result> {
  const topic = asTopic(controlTopic(settings.namespace));
  const log = createControlLog({ connection: connectionOf(settings), topic });
  const board = new ControlBoard(log, randomUUID);
  try {
    await board.read();
    return await task(board);
  } finally {
    await board.close();
  }
}

/** A wish of now. */
export function wishOf({ reason, by }: WishOptions): Wish {
  return { by: by ?? `${userInfo().username}@${hostname()}`, reason, at: Date.now() };
}
