/** The schemas that `init` registers: the catalogue's and Millrace's own. */
import { journalSubject } from "@millrace/config";
import { JOURNAL_RECORD, JOURNAL_SCHEMA } from "@millrace/engine";
import type { SchemasToPush, SchemaToPush } from "@millrace/schemas";
import type { Settings } from "../settings.ts";

/** All schemas of a configuration, the catalogue's first; each subject once. */
export function desiredSchemas({
  namespace,
  catalog,
}: Pick<Settings, "catalog" | "namespace">): SchemasToPush {
  const journal = {
    type: JOURNAL_RECORD,
    subject: journalSubject(namespace),
    avro: JOURNAL_SCHEMA,
  };
  const all: readonly SchemaToPush[] = [...catalog.types.values(), journal];
  return { types: new Map(all.map((schema) => [schema.subject, schema])) };
}
