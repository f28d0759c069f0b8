import { runKafkaTool } from "../kafka-command.ts";

/** Where runs left their topics and schemas. */
export interface ForgettingServers {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
}

/**
 * Deletes the topics and subjects of runs that were forgotten: each run leaves about a hundred partitions. Whatever
 * goes wrong stays without consequence, the next run does not need it.
 */
export async function forgetRuns(
  runs: readonly string[],
  servers: ForgettingServers,
): Promise<void> {
  if (runs.length === 0) return;
  const done = [deleteTopics(runs, servers.brokers), deleteSubjects(runs, servers.registryUrl)];
  await Promise.allSettled(done);
}

async function deleteTopics(runs: readonly string[], brokers: readonly string[]): Promise<void> {
  const topics = runs.map((run) => `${run}\\..*`).join("|");
  await runKafkaTool("org.apache.kafka.tools.TopicCommand", [
    ...["--bootstrap-server", brokers.join(",")],
    ...["--delete", "--if-exists", "--topic", topics],
  ]);
}

async function deleteSubjects(runs: readonly string[], registryUrl: string): Promise<void> {
  const answer = await fetch(`${registryUrl}/subjects`);
  const subjects: unknown = await answer.json();
  for (const subject of Array.isArray(subjects) ? subjects.map(String) : []) {
    if (!runs.some((run) => subject.startsWith(`${run}.`))) continue;
    const url = `${registryUrl}/subjects/${encodeURIComponent(subject)}`;
    await fetch(url, { method: "DELETE" });
    await fetch(`${url}?permanent=true`, { method: "DELETE" });
  }
}
