import { RETRY_AFTER_MAX_MS } from "@millrace/engine";

const DELAY_SECONDS = /^(-?)\d+$/;
const MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
const TIME = "\\d{2}:\\d{2}:\\d{2}";
const IMF_FIXDATE = new RegExp(`^[A-Z][a-z]{2}, \\d{2} ${MONTH} \\d{4} ${TIME} GMT$`);
const RFC850_DATE = new RegExp(`^[A-Z][a-z]{5,8}, \\d{2}-${MONTH}-\\d{2} ${TIME} GMT$`);
const ASCTIME_DATE = new RegExp(`^[A-Z][a-z]{2} ${MONTH} [ \\d]\\d ${TIME} \\d{4}$`);

/**
 * Milliseconds that a `Retry-After` asks to wait from `wallNowMs` (Unix epoch): from 0, at most 15 minutes. Null when
 * there is none, or it is neither delay-seconds nor one of the three HTTP-date forms.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function parseRetryAfter(value: string | null, wallNowMs: number): number | null {
  const text = value?.trim() ?? "";
  const seconds = DELAY_SECONDS.exec(text);
  if (seconds !== null) return bounded(seconds[1] === "-" ? 0 : Number(text) * 1_000);
  const at = parseHttpDate(text);
  return at === null ? null : bounded(at - wallNowMs);
}

function parseHttpDate(text: string): number | null {
  const isAsctime = ASCTIME_DATE.test(text);
  if (!isAsctime && !IMF_FIXDATE.test(text) && !RFC850_DATE.test(text)) return null;
  // The asctime form names no zone, which JavaScript would read as local time.
  const at = Date.parse(isAsctime ? `${text} GMT` : text);
  return Number.isNaN(at) ? null : at;
}

function bounded(ms: number): number {
  return Math.min(Math.max(0, ms), RETRY_AFTER_MAX_MS);
}
