/** A shadow replay's report for people: shapes with their counts, and samples as a diff. */
import type { ShownOutcome } from "@millrace/jobs";
import { groupDigits } from "../output/progress.ts";
import { safeText } from "../output/safe-text.ts";
import { goneText } from "../replay/gone-records.ts";
import type { Style, Terminal } from "../output/terminal.ts";
import { diffLines, type DiffLine } from "./line-diff.ts";
import {
  changedCount,
  type ReportedGroup,
  type ReportedSample,
  type ShadowReport,
} from "./shadow-report.ts";

/** How a text is styled. */
type Paint = (style: Style, text: string) => string;

/** What changes, a group after the other; empty where nothing does. Holds no control characters but line feeds. */
export function groupsText({ items }: ShadowReport, terminal: Pick<Terminal, "paint">): string {
  const paint: Paint = (style, text) => terminal.paint(style, text, "output");
  const groups = items.map((group) => groupLines(group, paint));
  return groups.map((lines) => lines.map((line) => `${line}\n`).join("")).join("\n");
}

/** What was compared, and what came of it: a line each. */
export function summaryLines(report: ShadowReport): readonly string[] {
  const { target, records, unchanged, headers, otherTerms, before, after } = report;
  const { sent, filtered, undeliverable } = unchanged;
  const same = sent + filtered + undeliverable;
  const parts = `${number(sent)} sent, ${number(filtered)} filtered, ${number(undeliverable)} undeliverable`;
  const changed = number(changedCount(report));
  const compared = ["method", "URL", "body", ...headers.compared].join(", ");
  const isSameRevision = before.mappingRevision === after.mappingRevision;
  return [
    `${number(records)} records for ${target}: ${changed} change, ${number(same)} do not (${parts}); nothing was sent`,
    `compared: ${compared}; not compared: ${headers.leftOut.join(", ")}, and what sending adds`,
    ...(isSameRevision ? ["filter, request and schemas are the same in both"] : []),
    ...(otherTerms.length === 0 ? [] : [`differs too, in no request: ${otherTerms.join(", ")}`]),
  ].map(safeText);
}

/** What has to be looked at: a line each. */
export function warningLines({ changed, leftOut, after, gone }: ShadowReport): readonly string[] {
  const count = changed["newly-undeliverable"];
  return [
    ...(gone.length === 0 ? [] : [goneText(gone)]),
    ...(count === 0 ? [] : [`${number(count)} records cannot be sent any more with ${after.file}`]),
    ...(leftOut.records === 0
      ? []
      : [
          `${number(leftOut.records)} changed records of ${number(leftOut.shapes)} more shapes are not shown: ` +
            "raise --shapes",
        ]),
  ].map(safeText);
}

function number(count: number): string {
  return groupDigits(count);
}

function groupLines(
  { count, change, text, samples }: ReportedGroup,
  paint: Paint,
): readonly string[] {
  const heading = `${number(count)}  ${change}  ${text}`;
  return [
    paint("bold", safeText(heading)),
    ...samples.flatMap((sample) => sampleLines(sample, paint)),
  ];
}

function sampleLines(sample: ReportedSample, paint: Paint): readonly string[] {
  const { topic, partition, offset, type, id } = sample;
  const place = [`${topic}:${partition}:${offset}`, type, id].filter((part) => part !== null);
  const isPretty = !isSameJson(sample);
  const lines = diffLines(
    outcomeLines(sample.before, isPretty),
    outcomeLines(sample.after, isPretty),
  );
  return [`  ${paint("dim", safeText(place.join("  ")))}`, ...shownLines(lines, paint)];
}

/** Pretty, two bodies that are the same JSON, written otherwise, would look the same. */
function isSameJson({ before, after }: ReportedSample): boolean {
  if (before.outcome !== "sent" || after.outcome !== "sent" || before.body === after.body) {
    return false;
  }
  return prettyLines(before.body).join("\n") === prettyLines(after.body).join("\n");
}

function outcomeLines(shown: ShownOutcome, isPretty: boolean): readonly string[] {
  switch (shown.outcome) {
    case "filtered":
      return ["(filtered)"];
    case "undeliverable":
      return [`(cannot be sent: ${shown.reason}: ${shown.detail})`];
    case "sent": {
      const { method, url, headers, body } = shown;
      const bodyLines = isPretty ? prettyLines(body) : body === null ? [] : [body];
      const headerLines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
      return [`${method} ${url}`, ...headerLines, ...bodyLines];
    }
  }
}

function prettyLines(body: string | null): readonly string[] {
  if (body === null) return [];
  try {
    return JSON.stringify(JSON.parse(body), null, 2).split("\n");
  } catch {
    return body.split("\n");
  }
}

const MARKS = { same: " ", removed: "-", added: "+" } as const;
const STYLES = { same: "dim", removed: "red", added: "green" } as const;

/** Lines that differ, with the first one and those next to them. */
function shownLines(lines: readonly DiffLine[], paint: Paint): readonly string[] {
  const isShown = lines.map(
    (_, index) =>
      index === 0 ||
      [index - 1, index, index + 1].some((near) => (lines[near]?.kind ?? "same") !== "same"),
  );
  return lines.flatMap(({ kind, text }, index) => {
    if (isShown[index] === true) return [paint(STYLES[kind], `  ${MARKS[kind]} ${safeText(text)}`)];
    return isShown[index - 1] === true ? [paint("dim", "    …")] : [];
  });
}
