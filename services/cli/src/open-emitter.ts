import { createEmitter, type Emitter } from "@millrace/emitter";
import { asTopic, MillraceError } from "@millrace/engine";
import { createTopicAdmin } from "@millrace/kafka";
import type { EventContracts } from "@millrace/schemas";
import { connectionOf, registryOf, type Settings } from "./settings.ts";

/**
 * An emitter for the settings' catalogue, once brokers have answered and the topics of `types` are there: a missing broker
 * is told at once, not when the first event has waited in vain.
 * @param types those that will be emitted, as far as they are known; empty: any.
 * @throws MillraceError `BROKER_UNREACHABLE`, `TOPIC_MISSING`, and what the emitter's making throws.
 */
export async function openEmitter(
  settings: Settings,
  types: readonly string[],
): Promise<Emitter<EventContracts>> {
  const { catalog } = settings;
  const connection = connectionOf(settings);
  await checkTopics(settings, types);
  return createEmitter<EventContracts>({ connection, registry: registryOf(settings), catalog });
}

async function checkTopics(settings: Settings, types: readonly string[]): Promise<void> {
  const { catalog } = settings;
  const names = types.flatMap((type) => catalog.types.get(type)?.topic.name ?? []);
  const admin = createTopicAdmin({ connection: connectionOf(settings) });
  try {
    const topics = [...new Set(names)].map((name) => asTopic(name));
    if (topics.length === 0) {
      await admin.describeCluster();
      return;
    }
    const found = await admin.describeTopics(topics);
    const missing = topics.filter((topic) => !found.has(topic));
    if (missing.length === 0) return;
    throw new MillraceError("TOPIC_MISSING", `topics do not exist: ${missing.join(", ")}`);
  } finally {
    await admin.close();
  }
}
