import type { Column } from "../output/table.ts";
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

/** The table of `doctor`. */
export function findingColumns(terminal: Terminal): readonly Column<Finding>[] {
  return [
    {
      name: "status",
      cell: ({ status }) => status,
      paint: (text, { status }) => terminal.paint(STYLES[status], text, "output"),
    },
    { name: "check", cell: ({ check }) => check },
    { name: "found", cell: ({ detail }) => detail },
    { name: "what to do", cell: ({ advice }) => advice ?? "" },
  ];
}
