import type { TargetConfig } from "@millrace/config";
import {
  changedTerms,
  HEADERS_LEFT_OUT,
  type ShadowChange,
  type ShadowGroup,
  type ShadowResult,
  type ShadowSample,
} from "@millrace/jobs";
import type { ReadRange } from "@millrace/kafka";
import { API_VERSION } from "../output/document.ts";
import type { GoneRecords } from "../replay/gone-records.ts";

/** A configuration, as a report names it. */
export interface ReportedConfig {
  readonly file: string;
  readonly mappingRevision: string;
}

/** A part of a log. Offsets are text. */
export interface ReportedRange {
  readonly topic: string;
  readonly partition: number;
  readonly from: string;
  /** One above the last. */
  readonly to: string;
}

/** A record that changes, as a report shows it. */
export type ReportedSample = Omit<ShadowSample, "offset"> & { readonly offset: string };

/** Records that change in the same way, as a report shows them. */
export type ReportedGroup = Omit<ShadowGroup, "samples"> & {
  readonly samples: readonly ReportedSample[];
};

/** What a shadow replay found, as it is printed. */
export interface ShadowReport {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: "ShadowReplay";
  readonly target: string;
  readonly before: ReportedConfig;
  readonly after: ReportedConfig;
  /** What else differs of the target and shows in no request, by its name in the configuration. */
  readonly otherTerms: readonly string[];
  readonly ranges: readonly ReportedRange[];
  /** What of the range the log has no more. */
  readonly gone: readonly GoneRecords[];
  /** The sum of all counts below. */
  readonly records: number;
  readonly unchanged: ShadowResult["unchanged"];
  readonly changed: Readonly<Record<ShadowChange, number>>;
  /** Headers that were compared, and those that no mapping decides; what sending adds is neither. */
  readonly headers: { readonly compared: readonly string[]; readonly leftOut: readonly string[] };
  /** Records that change and are in no item, and their shapes, at least. */
  readonly leftOut: { readonly records: number; readonly shapes: number };
  /** The most records first. */
  readonly items: readonly ReportedGroup[];
}

/** What a report is made of. */
export interface ReportParts {
  readonly before: { readonly file: string; readonly target: TargetConfig };
  readonly after: { readonly file: string; readonly target: TargetConfig };
  readonly ranges: readonly Required<ReadRange>[];
  readonly gone: readonly GoneRecords[];
  readonly result: ShadowResult;
}

/** The report of a shadow replay. */
export function shadowReport(parts: ReportParts): ShadowReport {
  const { before, after, ranges, gone, result } = parts;
  const { recordCount, unchanged, changed, groups, leftOut, comparedHeaders } = result;
  return {
    ...{ apiVersion: API_VERSION, kind: "ShadowReplay", target: after.target.name },
    before: { file: before.file, mappingRevision: before.target.mappingRevision },
    after: { file: after.file, mappingRevision: after.target.mappingRevision },
    otherTerms: changedTerms(before.target, after.target),
    ranges: ranges.map(({ topic, partition, from, to }) => ({
      ...{ topic, partition, from: String(from), to: String(to) },
    })),
    ...{ gone, records: recordCount, unchanged, changed },
    headers: { compared: comparedHeaders, leftOut: HEADERS_LEFT_OUT },
    leftOut: { records: leftOut.recordCount, shapes: leftOut.groupCount },
    items: groups.map(reportedGroup),
  };
}

/** Records that change. */
export function changedCount({ changed }: Pick<ShadowReport, "changed">): number {
  return Object.values(changed).reduce((sum, count) => sum + count, 0);
}

function reportedGroup({ samples, ...group }: ShadowGroup): ReportedGroup {
  const reported = samples.map((sample) => ({ ...sample, offset: String(sample.offset) }));
  return { ...group, samples: reported };
}
