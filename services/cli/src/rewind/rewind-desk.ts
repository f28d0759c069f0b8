/** A target's group, the control topic and the state topic, as a rewind needs them. */
import { randomUUID } from "node:crypto";
import { groupId, stateTopic, type TargetConfig } from "@millrace/config";
import type { ControlBoard } from "@millrace/control";
import {
  asTarget,
  asTopic,
  systemClock,
  type ControlLog,
  type RewindContext,
  type TargetId,
} from "@millrace/engine";
import {
  createControlLog,
  createLogReader,
  createTopicAdmin,
  type LogReader,
  type TopicAdmin,
} from "@millrace/kafka";
import { withBoard } from "../control-access.ts";
import { connectionOf, type Settings } from "../settings.ts";
import type { OffsetsOf } from "./committed-offsets.ts";

/** What a rewind of one target is planned and carried out with. */
export interface RewindDesk {
  readonly target: TargetId;
  readonly groupId: string;
  readonly board: ControlBoard;
  readonly admin: TopicAdmin;
  readonly reader: LogReader;
  readonly stateLog: ControlLog;
  readonly state: RewindContext;
  /** What the group has committed of a topic. */
  readonly offsetsOf: OffsetsOf;
}

/** Does something with it; the connections end with that. */
export function withRewindDesk<Result>(
  settings: Settings,
  { name }: Pick<TargetConfig, "name">,
  task: (desk: RewindDesk) => Promise<Result>,
): Promise<Result> {
  const connection = connectionOf(settings);
  const { namespace } = settings;
  return withBoard(settings, async (board) => {
    const admin = createTopicAdmin({ connection });
    const reader = createLogReader({ connection });
    const stateLog = createControlLog({ connection, topic: asTopic(stateTopic(namespace)) });
    const [target, group] = [asTarget(name), groupId(namespace, name)];
    const options = { target, processId: `rewind-${randomUUID()}` };
    try {
      return await task({
        ...{ target, groupId: group, board, admin, reader, stateLog },
        state: { options, ports: { clock: systemClock, stateLog } },
        offsetsOf: (topic) => admin.groupOffsets(group, asTopic(topic)),
      });
    } finally {
      await Promise.all([admin.close(), reader.close(), stateLog.close()]);
    }
  });
}
