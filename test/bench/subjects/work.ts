import type { BenchServers } from "../workload/emission.ts";
import { SCHEMA_FILE } from "../workload/event.ts";
import type { BenchWorld } from "../workload/world.ts";
import type { Subject, Work } from "./subject.ts";

/** The work of a subject's run in a world. Ours has the group that its target's name gives, the others one of their own. */
export function workOf(
  servers: BenchServers,
  world: BenchWorld,
  { subject, targetName }: { readonly subject: Subject; readonly targetName: string },
): Work {
  const { eventCount, keyCount, partitionCount, inFlight } = world;
  const { topic, url, catalogPath, configPath, namespace, folder } = world;
  const name = `${targetName}.${subject.name}.${subject.settings(world)}`;
  const own = subject.isOurs ? targetName : name.replaceAll(/[^\w.]+/gu, "-");
  return {
    ...servers,
    ...{ eventCount, keyCount, partitionCount, inFlight, topic, url, folder },
    ...{ catalogPath, configPath, namespace, targetName, schemaFile: SCHEMA_FILE },
    group: `${namespace}.${own}`,
  };
}
