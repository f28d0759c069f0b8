import { hash } from "node:crypto";
import type { ShadowChange } from "./comparison.ts";
import type { Shape, ShownShape } from "./shape.ts";
import type { ShownOutcome } from "./shown-outcome.ts";

/** A record that a changed configuration changes, as it is shown. */
export interface ShadowSample {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Null where the record has no readable envelope. */
  readonly id: string | null;
  readonly type: string | null;
  readonly before: ShownOutcome;
  readonly after: ShownOutcome;
}

/** Records that a changed configuration changes in the same way. */
export interface ShadowGroup extends ShownShape {
  readonly count: number;
  /** The first ones. */
  readonly samples: readonly ShadowSample[];
}

/** What did not fit into the groups. */
export interface LeftOut {
  /** Shapes; at least so many where there are more than {@link SHAPES_MAX} in all. */
  readonly groupCount: number;
  readonly recordCount: number;
}

/** How much is kept. */
export interface GroupLimits {
  readonly groupsMax: number;
  /** For each group. */
  readonly samplesMax: number;
}

/** A changed record, looked at closer only where that is kept. */
export interface ChangedRecord {
  readonly shape: Shape;
  /** The shape without what must not be shown. */
  readonly shown: () => ShownShape;
  readonly sample: () => ShadowSample;
}

/** Shapes that are told apart. */
export const SHAPES_MAX = 10_000;

interface Group {
  readonly shape: ShownShape;
  count: number;
  readonly samples: ShadowSample[];
}

/** Groups changed records by shape, in bounded memory: shapes that come when the groups are all taken are counted only. */
export class ShadowGroups {
  readonly #limits: GroupLimits;
  /** By a digest of the shape; null for one that is left out. */
  readonly #byShape = new Map<string, Group | null>();
  /** Shapes that look alike once what must not be shown is left out are one group. */
  readonly #byText = new Map<string, Group>();
  #leftOutGroups = 0;
  #leftOutRecords = 0;

  constructor(limits: GroupLimits) {
    this.#limits = limits;
  }

  /** The most records first. */
  get groups(): readonly ShadowGroup[] {
    return [...this.#byText.values()]
      .map(({ shape, count, samples }) => ({ ...shape, count, samples }))
      .sort((one, other) => other.count - one.count);
  }

  get leftOut(): LeftOut {
    return { groupCount: this.#leftOutGroups, recordCount: this.#leftOutRecords };
  }

  /** Takes a changed record in. */
  add(record: ChangedRecord): void {
    const group = this.#groupOf(record);
    if (group === null) {
      this.#leftOutRecords += 1;
      return;
    }
    group.count += 1;
    if (group.samples.length < this.#limits.samplesMax) group.samples.push(record.sample());
  }

  #groupOf({ shape, shown }: ChangedRecord): Group | null {
    const digest = hash("sha256", JSON.stringify(shape), "base64url");
    const known = this.#byShape.get(digest);
    if (known !== undefined) return known;
    if (this.#byShape.size >= SHAPES_MAX) return null;
    const group = this.#groupFor(shown());
    this.#byShape.set(digest, group);
    return group;
  }

  #groupFor(shape: ShownShape): Group | null {
    const text = groupText(shape.change, shape.text);
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    if (this.#byText.size >= this.#limits.groupsMax) {
      this.#leftOutGroups += 1;
      return null;
    }
    const group = { shape, count: 0, samples: [] };
    this.#byText.set(text, group);
    return group;
  }
}

function groupText(change: ShadowChange, text: string): string {
  return `${change} ${text}`;
}
