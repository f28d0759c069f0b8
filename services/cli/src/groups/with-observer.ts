import { stateTopic } from "@millrace/config";
import { asTopic, NO_TELEMETRY } from "@millrace/engine";
import { createLogReader, createStateLog, createTopicAdmin } from "@millrace/kafka";
import { connectionOf, type Settings } from "../settings.ts";
import { GroupObserver } from "./group-observer.ts";

/** Does something with an observer on the settings' brokers; its connections end with that. */
export async function withObserver<Result>(
  settings: Settings,
  task: (observer: GroupObserver) => Promise<Result>,
): Promise<Result> {
  const { namespace } = settings;
  const connection = connectionOf(settings);
  const topic = asTopic(stateTopic(namespace));
  const admin = createTopicAdmin({ connection });
  const reader = createLogReader({ connection });
  const stateLog = createStateLog({ connection, topic, telemetry: NO_TELEMETRY });
  try {
    return await task(new GroupObserver(namespace, { admin, reader, stateLog }));
  } finally {
    await Promise.all([admin.close(), reader.close(), stateLog.close()]);
  }
}
