/**
 * Times of RFC 3339, read character by character: every event has one, and a regular expression with a `Date` behind it takes
 * ten times as long.
 */

/** A moment as RFC 3339 text has it: whole epoch milliseconds, and the 0-999 microseconds on top. */
export interface Moment {
  readonly epochMs: number;
  readonly microseconds: number;
}

/** Where the parts of a date-time begin; the zone stands behind the fraction, if there is one. */
const TIME_AT = 11;
const FRACTION_AT = 19;

/** Reads an RFC 3339 date-time; null when it is none, or names a day or hour that does not exist. */
export function parseMoment(text: string): Moment | null {
  const day = dayIn(text);
  const timeMs = timeIn(text);
  const zoneAt = endOfFraction(text);
  const offsetMs = zoneIn(text, zoneAt);
  const separator = text[TIME_AT - 1];
  if (day === null || timeMs === null || offsetMs === null) return null;
  if (separator !== "T" && separator !== "t") return null;
  const milliseconds = thousandths(text, FRACTION_AT + 1, zoneAt);
  return {
    epochMs: day * DAY_MS + timeMs + milliseconds - offsetMs,
    microseconds: thousandths(text, FRACTION_AT + 4, zoneAt),
  };
}

/** Whether a text is an RFC 3339 date-time. */
export function isRfc3339(text: string): boolean {
  return parseMoment(text) !== null;
}

/** Days since 1970-01-01 of an ISO 8601 calendar date; null when it is none. */
export function parseDay(text: string): number | null {
  return text.length === TIME_AT - 1 ? dayIn(text) : null;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

function dayIn(text: string): number | null {
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  if (text[4] !== "-" || text[7] !== "-" || !(year >= 0)) return null;
  return day >= 1 && day <= daysIn(year, month) ? daysTo(year, month, day) : null;
}

function timeIn(text: string): number | null {
  const hour = twoDigits(text, TIME_AT);
  const minute = twoDigits(text, TIME_AT + 3);
  const second = twoDigits(text, TIME_AT + 6);
  if (text[TIME_AT + 2] !== ":" || text[TIME_AT + 5] !== ":") return null;
  if (!(hour < 24 && minute < 60 && second < 60)) return null;
  return hour * HOUR_MS + minute * MINUTE_MS + second * 1_000;
}

/** Where the digits of the fraction end; where they would begin without one, or where it has none. */
function endOfFraction(text: string): number {
  if (text[FRACTION_AT] !== ".") return FRACTION_AT;
  let end = FRACTION_AT + 1;
  while (digit(text, end) >= 0) end += 1;
  return end === FRACTION_AT + 1 ? FRACTION_AT : end;
}

/** How far a zone, the last part of the text, is ahead of UTC, ms. */
function zoneIn(text: string, at: number): number | null {
  const sign = text[at];
  if (sign === "Z" || sign === "z") return text.length === at + 1 ? 0 : null;
  const hour = twoDigits(text, at + 1);
  const minute = twoDigits(text, at + 4);
  if (text.length !== at + 6 || text[at + 3] !== ":" || !(hour < 24 && minute < 60)) return null;
  const ms = hour * HOUR_MS + minute * MINUTE_MS;
  if (sign === "+") return ms;
  return sign === "-" ? -ms : null;
}

/** Three digits of a fraction, those behind its end as zeros. */
function thousandths(text: string, from: number, end: number): number {
  let value = 0;
  for (let at = from; at < from + 3; at += 1) value = value * 10 + (at < end ? digit(text, at) : 0);
  return value;
}

/** A digit's value; not a number where there is none. */
function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - 0x30;
  return value >= 0 && value <= 9 ? value : NaN;
}

function twoDigits(text: string, at: number): number {
  return digit(text, at) * 10 + digit(text, at + 1);
}

const DAYS_IN = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Days of a month; none of one that does not exist. */
function daysIn(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeap ? 29 : (DAYS_IN[month - 1] ?? 0);
}

/**
 * Days since 1970-01-01 of a Gregorian date. Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms",
 * `days_from_civil`: years begin in March, so that the leap day is their last.
 */
function daysTo(year: number, month: number, day: number): number {
  const isEarly = month <= 2;
  const shifted = isEarly ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (isEarly ? 9 : -3)) + 2) / 5) + day - 1;
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  return era * 146_097 + yearOfEra * 365 + leapDays + dayOfYear - 719_468;
}
