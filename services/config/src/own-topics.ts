/** Names of Millrace's own topics, groups and subjects: said once, since they are on the wire. */
import { JOURNAL_RECORD } from "@millrace/engine";

/** The topics of one target. */
export interface OwnTopics {
  /** Where given-up deliveries are written. */
  readonly dead: string;
  /** Where a quarantined or deferred key's later events wait. */
  readonly parked: string;
}

/** The own topics of a target: `<namespace>.<target>.dead` and `.parked`. */
export function ownTopics(namespace: string, target: string): OwnTopics {
  const stem = groupId(namespace, target);
  return { dead: `${stem}.dead`, parked: `${stem}.parked` };
}

/** The consumer group of a target: `<namespace>.<target>`. */
export function groupId(namespace: string, target: string): string {
  return `${namespace}.${target}`;
}

/** Claims, markers, releases and first offsets. */
export function stateTopic(namespace: string): string {
  return `${namespace}.state`;
}

/** Desired state: pauses, redrives, jobs, resolutions. */
export function controlTopic(namespace: string): string {
  return `${namespace}.control`;
}

/** The journal: what became of every delivery. */
export function deliveriesTopic(namespace: string): string {
  return `${namespace}.deliveries`;
}

/** The registry's subject of the journal's pages: topic and record, like those of events. */
export function journalSubject(namespace: string): string {
  return `${deliveriesTopic(namespace)}-${JOURNAL_RECORD}`;
}

/** Every own topic of a namespace and its targets. */
export function ownTopicNames(namespace: string, targets: Iterable<string>): readonly string[] {
  const ofTargets = Array.from(targets, (target) => {
    const { dead, parked } = ownTopics(namespace, target);
    return [dead, parked];
  });
  return [
    stateTopic(namespace),
    controlTopic(namespace),
    deliveriesTopic(namespace),
    ...ofTargets.flat(),
  ];
}
