import { createTopicAdmin } from "@millrace/kafka";
import { connectionOf, type Settings } from "./settings.ts";

/** The id of the settings' cluster. @throws MillraceError of the brokers. */
export async function clusterIdOf(settings: Pick<Settings, "kafka">): Promise<string> {
  const admin = createTopicAdmin({ connection: connectionOf(settings) });
  try {
    return (await admin.describeCluster()).clusterId;
  } finally {
    await admin.close();
  }
}
