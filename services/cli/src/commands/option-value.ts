import { InvalidArgumentError } from "@commander-js/extra-typings";
import { reasonOf } from "../cli-error.ts";
import { parsePosition, type Position } from "../position.ts";
import type { TopicChoice } from "../topic-choice.ts";

/** Reads a port. */
export const portNumber = (text: string): number => wholeNumber(text, { min: 1, max: 65_535 });

/** Reads a count of at least 1. */
export const count = (text: string): number =>
  wholeNumber(text, { min: 1, max: Number.MAX_SAFE_INTEGER });

/** Reads a count, 0 for none. */
export const countOrNone = (text: string): number =>
  wholeNumber(text, { min: 0, max: Number.MAX_SAFE_INTEGER });

/** Reads partitions such as `0,3`. */
export const partitions = (text: string): readonly number[] =>
  text.split(",").map((part) => wholeNumber(part, { min: 0, max: 999_999 }));

/** Reads one more of `TOPIC` or `TOPIC:0,3`. */
export function topics(text: string, before: readonly TopicChoice[]): readonly TopicChoice[] {
  const [, topic, list] = /^([\w.-]+)(?::(\d+(?:,\d+)*))?$/u.exec(text) ?? [];
  if (topic === undefined) throw new InvalidArgumentError("It must be TOPIC or TOPIC:0,3.");
  const partitions = list === undefined ? null : list.split(",").map(Number);
  return [...before, { topic, partitions }];
}

/** Reads a position, as of now. */
export function position(text: string): Position {
  try {
    return parsePosition(text, Date.now());
  } catch (error) {
    throw new InvalidArgumentError(reasonOf(error));
  }
}

function wholeNumber(text: string, { min, max }: { min: number; max: number }): number {
  const value = Number(text);
  if (/^\d+$/u.test(text) && value >= min && value <= max) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${min} on` : `from ${min} to ${max}`;
  throw new InvalidArgumentError(`It must be a whole number ${range}.`);
}
