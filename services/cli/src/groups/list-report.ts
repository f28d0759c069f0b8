import { EXIT, type ExitCode } from "../exit-code.ts";
import { GROUP_COLUMNS, groupItem, type GroupItem } from "./group-item.ts";
import type { ObservedGroup, UnobservedGroup } from "./observed-group.ts";
import type { Report } from "./report.ts";
import { unreadHeads } from "./unread-heads.ts";

/** What `groups list` says of groups that were looked at at `nowMs`, epoch milliseconds. */
export function listReport(
  groups: readonly (ObservedGroup | UnobservedGroup)[],
  nowMs: number,
): Report<GroupItem> {
  const observed = groups.filter((group) => group.kind === "observed");
  const missing = groups.filter((group) => group.kind === "topic-missing");
  const items = observed.map((group) => groupItem(group, nowMs));
  const lost = missing.map(({ target, error }) => `target ${target.name}: ${error.message}`);
  const unread = observed.flatMap((group) => unreadHeads(group));
  const targets = groups.length === 1 ? "1 target" : `${groups.length} targets`;
  return {
    at: new Date(nowMs).toISOString(),
    document: { kind: "GroupList", items },
    columns: GROUP_COLUMNS,
    note: `${targets}; millrace groups describe <target> shows where one is`,
    complaints: [...lost, ...unread],
    exitCode: exitCodeOf({ lost, unread }),
  };
}

function exitCodeOf(complaints: {
  readonly lost: readonly string[];
  readonly unread: readonly string[];
}): ExitCode {
  if (complaints.lost.length > 0) return EXIT.notFound;
  return complaints.unread.length > 0 ? EXIT.partial : EXIT.ok;
}
