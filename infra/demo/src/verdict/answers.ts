/** What commands answered during a run whose trouble someone on call mends, as far as a verdict looks at it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A cause, as `millrace why -o json` tells it. */
export interface AnsweredCause {
  readonly kind: string;
  /** The first of them. */
  readonly keys: readonly string[];
  readonly keyCount: number;
}

/** The answers. */
export interface Answers {
  /** `why` of the target in trouble: while keys wait, while it is away too, and when it is mended. */
  readonly stuck: readonly AnsweredCause[];
  readonly away: readonly AnsweredCause[];
  readonly mended: readonly AnsweredCause[];
  /** `why` of its neighbour, while it is away. */
  readonly neighbour: readonly AnsweredCause[];
  /** `quarantine list` of the target in trouble, in the end. */
  readonly waiting: readonly unknown[];
}

/** Where commands leave their answers in a run's folder. */
export const ANSWER_FILES = {
  stuck: "why-stuck.json",
  away: "why-away.json",
  mended: "why-mended.json",
  neighbour: "why-neighbour.json",
  waiting: "quarantine-in-the-end.json",
} as const satisfies Readonly<Record<keyof Answers, string>>;

/** @throws Error naming an answer that is missing, or is none. */
export function readAnswers(folder: string): Answers {
  const list = (file: string, field: "causes" | "items"): readonly unknown[] => {
    const document = parse(file, readFileSync(join(folder, file), "utf8"));
    const found: unknown = Object.getOwnPropertyDescriptor(Object(document), field)?.value;
    if (Array.isArray(found)) return found;
    throw new Error(`${file}: it has no ${field}`);
  };
  const causes = (file: string): readonly AnsweredCause[] =>
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the command's output contract
    list(file, "causes") as readonly AnsweredCause[];
  return {
    stuck: causes(ANSWER_FILES.stuck),
    away: causes(ANSWER_FILES.away),
    mended: causes(ANSWER_FILES.mended),
    neighbour: causes(ANSWER_FILES.neighbour),
    waiting: list(ANSWER_FILES.waiting, "items"),
  };
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${file}: it holds no JSON`, { cause: error });
  }
}
