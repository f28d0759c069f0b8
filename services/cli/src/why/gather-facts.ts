/** Everything that a diagnosis of a target is made of, as of now: Kafka first, then the processes that it names. */
import { groupId, type TargetConfig } from "@millrace/config";
import { readMemberNote, type Rewind } from "@millrace/control";
import type {
  MemberFact,
  PartitionFact,
  RewindFact,
  SetAsideFact,
  TargetFacts,
} from "@millrace/diagnosis";
import { asTarget, type SetAsideKey } from "@millrace/engine";
import type { OpenDeadLetter } from "@millrace/jobs";
import { createTopicAdmin } from "@millrace/kafka";
import { withDeadLetters } from "../dead-letters/dead-letter-desk.ts";
import { recordKeyText } from "../dead-letters/key-text.ts";
import { placeText } from "../dead-letters/letter-item.ts";
import type { ObservedGroup, ObservedPartition } from "../groups/observed-group.ts";
import { withObserver } from "../groups/with-observer.ts";
import type { Terminal } from "../output/terminal.ts";
import { connectionOf, type Settings } from "../settings.ts";
import { keyText } from "../tail/tail-item.ts";
import { pauseItem } from "../targets/target-item.ts";
import { askProcess } from "./process-state.ts";

/** What is asked, and with what. */
export interface Inquiry {
  readonly settings: Settings;
  readonly target: TargetConfig;
  readonly terminal: Terminal;
  /** What `/v1` of the processes asks for, if anything. */
  readonly token: string | undefined;
}

/**
 * Gathers the facts.
 * @throws MillraceError of the brokers; `TOPIC_MISSING`.
 */
export async function gatherFacts(inquiry: Inquiry): Promise<TargetFacts> {
  const { settings, target } = inquiry;
  const group = await withObserver(settings, (observer) => observer.observeOne(target));
  const { members, strangers } = await askMembers(inquiry);
  const aside = await withDeadLetters(inquiry, async (desk) => {
    const parked = desk.setAside.length === 0 ? null : await desk.countParked();
    return {
      pauses: desk.board.pauses(asTarget(target.name)).map(pauseItem),
      rewind: rewindFact(desk.board.rewind(asTarget(target.name))),
      setAside: desk.setAside.map((key) => setAsideFact(key, desk.letters, parked?.of(key) ?? 0)),
    };
  });
  return {
    target: target.name,
    group: group.groupId,
    at: new Date().toISOString(),
    groupState: group.state,
    members,
    partitions: partitionFacts(group, strangers),
    ...aside,
  };
}

/** Who is in the group, and Kafka's ids of those that are other programs. */
interface AskedMembers {
  readonly members: readonly MemberFact[];
  readonly strangers: ReadonlySet<string>;
}

async function askMembers({ settings, target, token }: Inquiry): Promise<AskedMembers> {
  const admin = createTopicAdmin({ connection: connectionOf(settings) });
  try {
    const { members } = await admin.describeGroup(groupId(settings.namespace, target.name));
    const known = members.map(({ memberId, note }) => ({ memberId, note: readMemberNote(note) }));
    const strangers = known.filter(({ note }) => note === null);
    return {
      members: await Promise.all(
        known.map(async ({ note }): Promise<MemberFact> => {
          if (note === null) return { process: null, view: null, failure: null };
          const state = await askProcess(note, target.name, token);
          return { process: note.process, ...state };
        }),
      ),
      strangers: new Set(strangers.map(({ memberId }) => memberId)),
    };
  } finally {
    await admin.close();
  }
}

const STATES: Readonly<Record<ObservedPartition["state"], PartitionFact["state"]>> = {
  "not-started": "not-started",
  "offsets-gone": "offsets-gone",
  "retention-passed": "records-gone",
  "beyond-end": "offsets-gone",
  behind: "reading",
  "up-to-date": "reading",
};

function partitionFacts(
  { partitions }: ObservedGroup,
  strangers: ReadonlySet<string>,
): readonly PartitionFact[] {
  return partitions.map(({ topic, partition, state, owner, head, ...lag }) => ({
    ...{ topic, partition, state: STATES[state] },
    hasOwner: owner !== null && !strangers.has(owner.member),
    goneCount: lag.goneCount,
    waitingCount: lag.waitingCount ?? 0,
    doneCount: lag.doneCount,
    head:
      head === null
        ? null
        : {
            offset: String(head.record.offset),
            key: keyText(head.record.key),
            at: new Date(head.record.timestampMs).toISOString(),
          },
  }));
}

function rewindFact(rewind: Rewind | null): RewindFact | null {
  if (rewind === null) return null;
  if (rewind.wish === null) return { by: null, reason: null, since: null };
  const { by, reason, at } = rewind.wish;
  return { by, reason, since: new Date(at).toISOString() };
}

function setAsideFact(
  set: SetAsideKey,
  letters: readonly OpenDeadLetter[],
  parkedCount: number,
): SetAsideFact {
  const { kind, topic, partition, offset, since } = set;
  const letter = letters.find((one) => placeText(one) === placeText(set));
  return {
    ...{ kind, topic, partition, offset: String(offset), since, parkedCount },
    key: set.key === "" ? null : recordKeyText(set.key),
    reason: letter?.reason ?? null,
    error: letter?.error ?? null,
  };
}
