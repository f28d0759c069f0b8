import { EXIT } from "../exit-code.ts";
import { ageText, groupItem } from "./group-item.ts";
import type { ObservedGroup } from "./observed-group.ts";
import {
  PARTITION_COLUMNS,
  partitionItems,
  type PartitionItem,
  type PartitionItemOptions,
} from "./partition-item.ts";
import type { Report } from "./report.ts";
import { unreadHeads } from "./unread-heads.ts";

/** What `groups describe` says of a group that was looked at. */
export function describeReport(
  observed: ObservedGroup,
  options: PartitionItemOptions,
): Report<PartitionItem> {
  const { at, group, state, members, lag, lagAgeSeconds } = groupItem(observed, options.nowMs);
  const memberText = members === 1 ? "1 member" : `${members} members`;
  const complaints = unreadHeads(observed);
  return {
    at,
    document: { kind: "GroupDescription", items: partitionItems(observed, options) },
    columns: PARTITION_COLUMNS,
    note: `group ${group}: ${state}, ${memberText}, lag ${lag ?? "-"}, age ${ageText(lagAgeSeconds)}`,
    complaints,
    exitCode: complaints.length > 0 ? EXIT.partial : EXIT.ok,
  };
}
