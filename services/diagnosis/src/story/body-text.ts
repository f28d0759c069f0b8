/** Bodies of an attempt as people read them, from its JSON alone. */
import type { StoryBody, StoryStep } from "./event-story.ts";
import { countText } from "./step-text.ts";

/** The lines of an attempt's bodies. All attempts of a delivery send the same: it stands under the first of them in a row. */
export function bodyTexts(step: StoryStep, before: StoryStep | undefined): readonly string[] {
  if (step.kind !== "attempt") return [];
  const { request, answer } = step;
  const isRepeated = before?.kind === "attempt" && isSame(request, before.request);
  return [
    ...(request === null || isRepeated ? [] : [`sent ${bodyText(request)}`]),
    ...(answer === null ? [] : [`answered ${bodyText(answer)}`]),
  ];
}

function isSame(one: StoryBody | null, other: StoryBody | null): boolean {
  return one?.text === other?.text && one?.byteCount === other?.byteCount;
}

function bodyText({ text, byteCount, withheld }: StoryBody): string {
  const size = countText(byteCount, "byte");
  if (text !== null) return `${size}: ${text}`;
  return `${size}, not shown: ${REASONS[withheld ?? ""] ?? withheld ?? "nobody noted why"}`;
}

const REASONS: Readonly<Record<string, string>> = {
  CREDENTIALS: "it repeats what the call proves itself with",
  NOT_JSON: "it is no JSON, so personal data in it cannot be masked",
  NOT_TEXT: "it is no UTF-8",
  PERSONAL: "what in it is personal data cannot be told",
  TOO_LONG: "it is too long for personal data in it to be masked",
};
