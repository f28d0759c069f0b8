import { safeText } from "../output/safe-text.ts";
import type { Style, Terminal } from "../output/terminal.ts";

/** What a check found. */
export interface Finding {
  readonly check: string;
  readonly status: "ok" | "warn" | "fail";
  readonly detail: string;
  /** What to do; null where all is well. */
  readonly advice: string | null;
}

/** All is well. */
export const ok = (check: string, detail: string): Finding => ({
  check,
  status: "ok",
  detail,
  advice: null,
});

/** It works, but not everywhere or not for long. */
export const warn = (check: string, detail: string, advice: string): Finding => ({
  check,
  status: "warn",
  detail,
  advice,
});

/** Something does not work until this is done. */
export const fail = (check: string, detail: string, advice: string): Finding => ({
  check,
  status: "fail",
  detail,
  advice,
});

const STYLES: Readonly<Record<Finding["status"], Style>> = {
  ok: "green",
  warn: "yellow",
  fail: "red",
};

/** A finding for people: one line, and one more with what to do. */
export function findingText(
  { check, status, detail, advice }: Finding,
  terminal: Terminal,
): string {
  const mark = terminal.paint(STYLES[status], status.padEnd(4), "output");
  const line = `${mark}  ${check.padEnd(13)}  ${safeText(detail)}\n`;
  return advice === null ? line : `${line}${" ".repeat(21)}-> ${safeText(advice)}\n`;
}

/** Some names, and how many more there are. */
export function namesText(names: readonly string[]): string {
  const more = names.length - NAMES_MAX;
  return names.slice(0, NAMES_MAX).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

const NAMES_MAX = 3;
