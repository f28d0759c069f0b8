/** `--filter` over dead letters: over the events that they were made of, each as it lay in its source. */
import type { TargetFilter } from "@millrace/config";
import type { SourceRecord } from "@millrace/engine";
import { readOriginal } from "@millrace/jobs";
import { readEnvelope, type Envelope } from "@millrace/schemas";
import { EventMatcher, type FilterVerdict } from "../tail/event-matcher.ts";
import type { DecodingFilter } from "../tail/target-filter.ts";

/** Asks a filter about dead letters, one record at a time; keeps none of them. */
export class LetterJudge {
  readonly #filter: TargetFilter;
  readonly #matcher: EventMatcher;

  constructor({ filter, decoder }: DecodingFilter) {
    this.#filter = filter;
    this.#matcher = new EventMatcher(decoder, filter);
  }

  /**
   * What the filter says of the event of a record. A dead letter may be one because it cannot be decoded, and its value may
   * have been too large for it: then the headers decide, where they can.
   * @throws SchemaError of the registry.
   */
  async judge(record: SourceRecord): Promise<FilterVerdict> {
    const byHeaders = this.#judgeHeaders(readEnvelope(record));
    if (byHeaders !== null) return byHeaders;
    const original = readOriginal(record);
    if (original === null) return "unfilterable";
    return this.#matcher.judge(await this.#matcher.decode(original));
  }

  /** Null where the data decide. */
  #judgeHeaders(envelope: Envelope | null): FilterVerdict | null {
    if (envelope === null) return null;
    try {
      if (!this.#filter.matchesHeaders(envelope)) return "differs";
      return this.#filter.needs === "data" ? null : "matches";
    } catch {
      return "unfilterable";
    }
  }
}
