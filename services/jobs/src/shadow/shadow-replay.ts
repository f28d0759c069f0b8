/**
 * A shadow replay: what one configuration and another one make of the same records, compared. Nothing is sent, and nothing is
 * decided here: both sides are prepared by what delivery processes prepare with.
 */
import { MillraceError, type EventPreparer, type SourceRecord } from "@millrace/engine";
import { readEnvelope } from "@millrace/schemas";
import { compare, type Comparison, type ShadowChange } from "./comparison.ts";
import { outcomeOf, type Outcome, type Prepared } from "./outcome.ts";
import { comparedHeaders } from "./request-diff.ts";
import {
  ShadowGroups,
  type GroupLimits,
  type LeftOut,
  type ShadowGroup,
  type ShadowSample,
} from "./shadow-groups.ts";
import { outcomeText, shownShape, type Shape } from "./shape.ts";
import { publicNames, shownOutcome, type Probes } from "./shown-outcome.ts";

/** A configuration's side. */
export interface ShadowSide {
  /** As a delivery process prepares. */
  readonly preparer: EventPreparer;
  /** Likewise, without the filter, and with one and the other stand-in for personal data. */
  readonly probes: readonly [EventPreparer, EventPreparer];
  /** Takes the secrets of the configuration out of a text. */
  readonly maskText: (text: string) => string;
}

/** What both configurations make of a record that is unchanged. */
export type UnchangedOutcome = "sent" | "filtered" | "undeliverable";

/** What a shadow replay found. */
export interface ShadowResult {
  /** All that were compared: the sum of the others. */
  readonly recordCount: number;
  /** Records of which both make the same: the same request, nothing, or for the same reason none. */
  readonly unchanged: Readonly<Record<UnchangedOutcome, number>>;
  readonly changed: Readonly<Record<ShadowChange, number>>;
  /** The most records first. */
  readonly groups: readonly ShadowGroup[];
  readonly leftOut: LeftOut;
  /** The headers that were compared, sorted; {@link HEADER_NAMES_MAX} at most. */
  readonly comparedHeaders: readonly string[];
}

/** Names of compared headers that are kept. */
export const HEADER_NAMES_MAX = 100;

/** See the head of this file. */
export class ShadowReplay {
  readonly #before: ShadowSide;
  readonly #after: ShadowSide;
  readonly #groups: ShadowGroups;
  readonly #unchanged: Record<UnchangedOutcome, number> = {
    sent: 0,
    filtered: 0,
    undeliverable: 0,
  };
  readonly #changed: Record<ShadowChange, number> = {
    "request-changed": 0,
    "newly-filtered": 0,
    "no-longer-filtered": 0,
    "newly-undeliverable": 0,
    "no-longer-undeliverable": 0,
    "undeliverable-otherwise": 0,
  };
  readonly #headers = new Set<string>();
  #recordCount = 0;

  constructor(
    sides: { readonly before: ShadowSide; readonly after: ShadowSide },
    limits: GroupLimits,
  ) {
    this.#before = sides.before;
    this.#after = sides.after;
    this.#groups = new ShadowGroups(limits);
  }

  get result(): ShadowResult {
    return {
      recordCount: this.#recordCount,
      unchanged: { ...this.#unchanged },
      changed: { ...this.#changed },
      groups: this.#groups.groups,
      leftOut: this.#groups.leftOut,
      comparedHeaders: [...this.#headers].sort(),
    };
  }

  /**
   * Compares records, in turn.
   * @throws MillraceError `REGISTRY_UNREACHABLE` where a writer schema cannot be had.
   */
  async take(records: readonly SourceRecord[]): Promise<void> {
    for (const record of records) {
      const before = this.#before.preparer.prepare(record);
      const after = this.#after.preparer.prepare(record);
      if (before.kind !== "schema-needed" && after.kind !== "schema-needed") {
        this.#compare(record, { before, after });
      } else {
        await this.#takeWithSchemas(record);
      }
    }
  }

  async #takeWithSchemas(record: SourceRecord): Promise<void> {
    const [before, after] = await Promise.all([
      prepareWithSchema(this.#before.preparer, record),
      prepareWithSchema(this.#after.preparer, record),
    ]);
    this.#compare(record, { before, after });
  }

  #compare(
    record: SourceRecord,
    prepared: { readonly before: Prepared; readonly after: Prepared },
  ): void {
    const [before, after] = [outcomeOf(prepared.before), outcomeOf(prepared.after)];
    this.#noteHeaders(before);
    this.#noteHeaders(after);
    const comparison = compare(before, after);
    this.#recordCount += 1;
    if (comparison.change === "unchanged") {
      this.#unchanged[before.kind === "request" ? "sent" : before.kind] += 1;
      return;
    }
    this.#changed[comparison.change] += 1;
    const outcomes = { before, after };
    const shape = shapeOf(comparison, outcomes);
    const closer = new CloserLook(record, outcomes, { before: this.#before, after: this.#after });
    this.#groups.add({
      shape,
      shown: () => shownShape(shape, closer.isPublic),
      sample: () => closer.sample(),
    });
  }

  #noteHeaders(outcome: Outcome): void {
    if (outcome.kind !== "request") return;
    for (const name of comparedHeaders(outcome.request)) {
      if (this.#headers.size < HEADER_NAMES_MAX) this.#headers.add(name);
    }
  }
}

interface Outcomes {
  readonly before: Outcome;
  readonly after: Outcome;
}

function shapeOf(
  { change, diff }: Exclude<Comparison, { readonly change: "unchanged" }>,
  { before, after }: Outcomes,
): Shape {
  return { change, ...diff, before: outcomeText(before), after: outcomeText(after) };
}

/** A changed record's probes, made when the first is asked for. */
class CloserLook {
  readonly #record: SourceRecord;
  readonly #outcomes: Outcomes;
  readonly #sides: { readonly before: ShadowSide; readonly after: ShadowSide };
  #probes: { readonly before: Probes; readonly after: Probes } | null = null;
  #names: ReadonlySet<string> | null = null;

  constructor(
    record: SourceRecord,
    outcomes: Outcomes,
    sides: { readonly before: ShadowSide; readonly after: ShadowSide },
  ) {
    this.#record = record;
    this.#outcomes = outcomes;
    this.#sides = sides;
  }

  /** Whether a member's name is made of no personal data. */
  readonly isPublic = (name: string): boolean => {
    const { before, after } = this.#probed();
    this.#names ??= publicNames([...before, ...after]);
    return this.#names.has(name);
  };

  sample(): ShadowSample {
    const { topic, partition, offset } = this.#record;
    const envelope = readEnvelope(this.#record);
    const { before, after } = this.#probed();
    const [sides, outcomes] = [this.#sides, this.#outcomes];
    return {
      ...{ topic, partition, offset, id: envelope?.id ?? null, type: envelope?.type ?? null },
      before: shownOutcome(outcomes.before, before, sides.before.maskText),
      after: shownOutcome(outcomes.after, after, sides.after.maskText),
    };
  }

  #probed(): { readonly before: Probes; readonly after: Probes } {
    const of = ({ probes: [one, other] }: ShadowSide): Probes => [
      probe(one, this.#record),
      probe(other, this.#record),
    ];
    this.#probes ??= { before: of(this.#sides.before), after: of(this.#sides.after) };
    return this.#probes;
  }
}

/** What a probe makes of a record; one that cannot say is as good as filtered: it vouches for nothing. */
function probe(preparer: EventPreparer, record: SourceRecord): Outcome {
  const prepared = preparer.prepare(record);
  return prepared.kind === "schema-needed" ? { kind: "filtered" } : outcomeOf(prepared);
}

async function prepareWithSchema(preparer: EventPreparer, record: SourceRecord): Promise<Prepared> {
  const first = preparer.prepare(record);
  if (first.kind !== "schema-needed") return first;
  await preparer.loadSchema(first.schemaId);
  const second = preparer.prepare(record);
  if (second.kind !== "schema-needed") return second;
  throw new MillraceError("REGISTRY_UNREACHABLE", `schema ${second.schemaId}: it cannot be had`);
}
