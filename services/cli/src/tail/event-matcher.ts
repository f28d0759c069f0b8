import type { TargetFilter } from "@millrace/config";
import type { Decoder, LocatedRecord } from "@millrace/schemas";

/** A record, decoded or told why not. */
export type DecodedRecord = Exclude<
  ReturnType<Decoder["decode"]>,
  { readonly kind: "schema-needed" }
>;

/** What a filter says of a record; of some it cannot be asked. */
export type FilterVerdict = "matches" | "differs" | "unfilterable";

/** Decodes records, loading the schemas they need, and asks a filter about them. */
export class EventMatcher {
  readonly #decoder: Decoder;
  readonly #filter: TargetFilter | null;
  #unfilterableCount = 0;

  /** @param filter null: everything matches. */
  constructor(decoder: Decoder, filter: TargetFilter | null) {
    this.#decoder = decoder;
    this.#filter = filter;
  }

  /** Records that are no events, or have not what the filter asks for; none of them matches. */
  get unfilterableCount(): number {
    return this.#unfilterableCount;
  }

  /** Decodes. @throws SchemaError of the registry. */
  async decode(record: LocatedRecord): Promise<DecodedRecord> {
    const first = this.#decoder.decode(record);
    if (first.kind !== "schema-needed") return first;
    await this.#decoder.load(first.schemaId);
    const second = this.#decoder.decode(record);
    if (second.kind !== "schema-needed") return second;
    const detail = `schema ${second.schemaId} cannot be had`;
    return { kind: "undecodable", code: "SCHEMA_UNKNOWN", detail };
  }

  /** Whether the filter lets it through. */
  matches(result: DecodedRecord): boolean {
    const verdict = this.judge(result);
    if (verdict === "unfilterable") this.#unfilterableCount += 1;
    return verdict === "matches";
  }

  /** What the filter says of it; nothing is counted. */
  judge(result: DecodedRecord): FilterVerdict {
    const filter = this.#filter;
    if (filter === null) return "matches";
    if (result.kind !== "event") return "unfilterable";
    try {
      const { event } = result;
      return filter.matchesHeaders(event) && filter.matches(event) ? "matches" : "differs";
    } catch {
      // The event has not what the expression asks for.
      return "unfilterable";
    }
  }
}
