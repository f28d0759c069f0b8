import { MillraceError } from "@millrace/engine";
import type { AttemptResult } from "@millrace/engine";
import type { AnswerOverride, AnswerRules } from "./options.ts";

/** A complete status line and header block; what follows them no longer changes how the attempt ended. */
export interface Answer {
  readonly status: number;
  /** What `Retry-After` asks for; null when there is none that can be read. */
  readonly retryAfterMs: number | null;
  /** Where a redirect points, as sent; null when nowhere. */
  readonly location: string | null;
}

const OVERRIDABLE = /^[2-5](?:\d\d|xx)$/;

/**
 * Checks a table of overrides.
 * @throws MillraceError `CONFIG_INVALID` for a key that is no status (`404`) or class (`5xx`).
 */
export function checkOverrides({ answers = {} }: AnswerRules): void {
  for (const key of Object.keys(answers)) {
    if (OVERRIDABLE.test(key)) continue;
    throw new MillraceError("CONFIG_INVALID", `no status or class of statuses: answers (${key})`);
  }
}

/** How an attempt that got this answer ended: the target's own table first, then the standard one of the README. */
export function classify(answer: Answer, rules: AnswerRules): AttemptResult {
  const { status, retryAfterMs } = answer;
  const override = overrideOf(status, rules);
  if (override !== undefined) return overridden(answer, override);
  if (status < 300) return { kind: "delivered", status };
  if (status < 400) return redirected(answer);
  if (status === 409 && rules.onConflict === "duplicate-ok") return { kind: "delivered", status };
  if (status === 409 || status === 408 || status === 425) return retry(answer);
  if (status === 429) return { kind: "throttled", status, retryAfterMs };
  if (status === 503 && retryAfterMs !== null) return { kind: "throttled", status, retryAfterMs };
  if (status === 401 || status === 403) return unauthorized(status);
  if (status < 500) return { kind: "rejected", reason: "HTTP_REJECTED", status };
  if (status < 600) return retry(answer);
  return { kind: "retry", reason: "RESPONSE_INVALID", status, ambiguous: true, retryAfterMs };
}

function overrideOf(status: number, { answers }: AnswerRules): AnswerOverride | undefined {
  if (answers === undefined) return undefined;
  return answers[String(status)] ?? answers[`${Math.floor(status / 100)}xx`];
}

function overridden(answer: Answer, override: AnswerOverride): AttemptResult {
  const { status } = answer;
  switch (override) {
    case "delivered":
      return { kind: "delivered", status };
    case "retry":
      return retry(answer);
    case "dead-letter":
      return { kind: "rejected", reason: "HTTP_REJECTED", status };
  }
}

/** Only a server error, or a server that gave up reading, may hide that the call was applied. */
function retry({ status, retryAfterMs }: Answer): AttemptResult {
  const ambiguous = status >= 500 || status === 408;
  return { kind: "retry", reason: "HTTP_STATUS", status, ambiguous, retryAfterMs };
}

function unauthorized(status: number): AttemptResult {
  const detail = `HTTP ${status}: the target refuses our credentials`;
  return { kind: "misconfigured", reason: "HTTP_UNAUTHORIZED", status, detail };
}

function redirected({ status, location }: Answer): AttemptResult {
  // Only the place, never path or query: they may carry a secret.
  const place =
    location !== null && URL.canParse(location) ? ` to ${new URL(location).origin}` : "";
  const detail = `HTTP ${status}${place}: redirects are never followed`;
  return { kind: "misconfigured", reason: "HTTP_REDIRECT", status, detail };
}
