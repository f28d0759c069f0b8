import { MillraceError } from "@millrace/engine";

/** Where something stands in a configuration file; line and column count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One thing wrong with the configuration. */
export interface ConfigProblem extends Position {
  /** Keys from the file's root, joined by dots; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong; never holds a secret. */
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
}

/** Collects everything that is wrong, so that it can be told at once. */
export class ProblemList {
  private readonly problems: ConfigProblem[] = [];
  private readonly maskText: (text: string) => string;

  /** @param maskText Takes the secrets out of a message, once all are known. */
  constructor(maskText: (text: string) => string) {
    this.maskText = maskText;
  }

  /** Adds a problem; the same one twice counts once. */
  add(problem: ConfigProblem): void {
    if (!this.problems.some((known) => isSame(known, problem))) this.problems.push(problem);
  }

  get isEmpty(): boolean {
    return this.problems.length === 0;
  }

  /** Sorted by file, line and column. */
  toArray(): readonly ConfigProblem[] {
    return this.problems.toSorted(inFileOrder).map((problem) => ({
      ...problem,
      message: this.maskText(problem.message),
      ...(problem.hint === undefined ? {} : { hint: this.maskText(problem.hint) }),
    }));
  }

  /** The error that tells all of them: `CONFIG_INVALID`, with `details.problems`. */
  toError(): MillraceError {
    const problems = this.toArray();
    return new MillraceError("CONFIG_INVALID", formatProblems(problems), { details: { problems } });
  }
}

/** The problems as lines for people: `file:line:column  path: message`, the hint indented below. */
export function formatProblems(problems: readonly ConfigProblem[]): string {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return [`configuration: ${count}`, ...problems.map(formatProblem)].join("\n");
}

function formatProblem({ file, line, column, path, message, hint }: ConfigProblem): string {
  const text = `${file}:${line}:${column}  ${path === "" ? "" : `${path}: `}${message}`;
  return hint === undefined ? text : `${text}\n    ${hint}`;
}

function inFileOrder(a: ConfigProblem, b: ConfigProblem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}

function isSame(a: ConfigProblem, b: ConfigProblem): boolean {
  return inFileOrder(a, b) === 0 && a.path === b.path && a.message === b.message;
}
