/**
 * The registry's id of the journal's schema: asked for beside everything else, until it is known. Nothing waits for it;
 * what the journal cannot tell meanwhile is dropped and counted by its writer.
 */
import { JOURNAL_SCHEMA, type Clock, type Telemetry } from "@millrace/engine";
import { SchemaError, type Registry } from "@millrace/schemas";

/** Pause before the registry is asked again, ms; it doubles up to the second. */
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 10_000;

/** What is asked for, and by what means. */
export interface JournalSchemaLookup {
  readonly registry: Pick<Registry, "idOf">;
  readonly subject: string;
  /** The command that registers the schema, for people. */
  readonly remedy: string;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** Resolves to the id. Never rejects; stays open once `signal` has aborted. */
export function findJournalSchema(
  lookup: JournalSchemaLookup,
  signal: AbortSignal,
): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  void askUntilKnown(lookup, signal).then((id) => {
    if (id !== null) resolve(id);
  });
  return promise;
}

/** Null: aborted before. */
async function askUntilKnown(
  lookup: JournalSchemaLookup,
  signal: AbortSignal,
): Promise<number | null> {
  let retryMs = RETRY_FIRST_MS;
  let told = "";
  while (!isOver(signal)) {
    try {
      return await lookup.registry.idOf(lookup.subject, JOURNAL_SCHEMA);
    } catch (error) {
      const code = error instanceof SchemaError ? error.code : "";
      if (!isOver(signal) && code !== told) complain(lookup, error);
      told = code;
    }
    await pause(lookup.clock, retryMs, signal);
    retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
  }
  return null;
}

/** Once for each kind of failure in a row. */
function complain({ subject, remedy, telemetry }: JournalSchemaLookup, error: unknown): void {
  const isMissing = error instanceof SchemaError && error.code === "SCHEMA_UNKNOWN";
  const message = isMissing
    ? `the journal's schema is not registered: run ${remedy}; deliveries go on, the journal does not`
    : "waiting for the id of the journal's schema; deliveries go on, the journal does not";
  const reason = error instanceof Error ? error.message : String(error);
  telemetry.log("warn", message, { subject, error: reason });
}

/** Asked through a function because it changes while others await. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** A process that ends must not wait for the timer. */
function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const cancel = clock.schedule(delayMs, end);
    signal.addEventListener("abort", end);
  });
}
