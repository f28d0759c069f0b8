import { createEmitter, type Emitter } from "@millrace/emitter";
import type { EventContracts } from "@millrace/schemas";
import { connectionOf, registryOf, type Settings } from "./settings.ts";

/**
 * An emitter for the settings' catalogue, once brokers have answered and its topics are there: a missing broker is told
 * at once, not when the first event has waited in vain.
 * @throws MillraceError `BROKER_UNREACHABLE`, `TOPIC_MISSING`, and what the emitter's making throws.
 */
export async function openEmitter(settings: Settings): Promise<Emitter<EventContracts>> {
  const { catalog } = settings;
  const connection = connectionOf(settings);
  return createEmitter<EventContracts>({ connection, registry: registryOf(settings), catalog });
}
