import { isDeepStrictEqual } from "node:util";
import type { TargetConfig } from "@millrace/config";

/** What of a target is not told by comparing its prepared requests. */
type Term = Exclude<
  keyof TargetConfig,
  "name" | "filter" | "mapping" | "mappingRevision" | "source" | "urlPrefix"
>;

/** The terms as the configuration writes them. */
const NAMES: Readonly<Record<Term, string>> = {
  topics: "topics",
  startAt: "startAt",
  order: "order",
  onDeadLetter: "onDeadLetter",
  keepSetAsideMs: "keepSetAside",
  concurrencyMax: "concurrency",
  ratePerSecond: "rate",
  retry: "retry",
  breaker: "breaker",
  timeoutMs: "request.timeout",
  input: "input",
  network: "network",
  auth: "auth",
  tls: "tls",
  onConflict: "onConflict",
  answers: "answers",
  journal: "journal",
  idempotency: "idempotency",
};

/**
 * The terms that differ, sorted, as the configuration writes them. Secrets are compared as far as they are there: by their
 * references where they are left unread.
 */
export function changedTerms(before: TargetConfig, after: TargetConfig): readonly string[] {
  return Object.entries(NAMES)
    .filter(([term]) => !isDeepStrictEqual(Reflect.get(before, term), Reflect.get(after, term)))
    .map(([, name]) => name)
    .sort();
}
