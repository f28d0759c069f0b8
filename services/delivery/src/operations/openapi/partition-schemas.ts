/** Schemas of what stands in a partition: lanes, keys set aside. */
import {
  FAILING_MAX,
  SET_ASIDE_MAX,
  type HaltView,
  type LaneView,
  type PartitionView,
  type SetAsideView,
} from "@millrace/diagnosis";
import type { Failure } from "@millrace/engine";
import {
  count,
  list,
  moment,
  nullable,
  object,
  offset,
  oneWord,
  ref,
  text,
  waitMs,
  type Fields,
  type Schema,
} from "./json-schema.ts";

const PLACE = { topic: text("Source topic."), partition: count("Of the source topic.") };

const partition = object("A partition that this process owns.", {
  ...PLACE,
  epoch: count("Offset of this process's claim in the state topic."),
  committed: offset("Acknowledged by the group."),
  committable: offset("What the next commit would say."),
  next: offset("The next offset to be fetched."),
  unsettled: count("Records in memory that are not settled."),
  span: count("Offsets from the committable one to the highest settled one."),
  fetching: oneWord<PartitionView["fetching"]>("Whether records are fetched.", {
    on: "they are",
    "held back": "there is enough in memory",
  }),
  lanes: count("Keys with work; each event without a key is one."),
  setAside: object("Keys that are set aside, by kind.", {
    block: count("Kept where they are, behind a dead letter."),
    deferred: count("Slow keys that go on behind the others."),
    quarantine: count("Parked behind a dead letter."),
  } satisfies Fields<PartitionView["setAside"]>),
  setAsideKeys: list("The first of them, by offset.", ref("SetAsideKey"), SET_ASIDE_MAX),
  head: nullable(ref("Lane")),
  failing: list("Lanes whose head has failed, by offset.", ref("Lane"), FAILING_MAX),
  failingCount: count("How many there are."),
} satisfies Fields<PartitionView>);

const lane = object(
  "The undelivered events of one key, by the first of them; of a partition's `head`: what its committed offset waits for.",
  {
    offset: offset("In the source partition."),
    key: nullable(text("UTF-8, else hex; null: the event has none.")),
    id: nullable(text("Of the event; null where it has none.")),
    type: nullable(text("Of the event; null where it has none.")),
    since: moment("When the log took it."),
    state: oneWord<LaneView["state"]>("Where it stands.", {
      idle: "it has no event",
      ready: "waits for a slot",
      "in-flight": "an attempt is under way",
      waiting: "has failed, and waits for its next attempt",
      owing: "is to be written as a dead letter, or parked",
      writing: "its dead letter is being written",
      marking: "its key is being set aside",
      parking: "is being parked",
      blocked: "waits behind a dead letter",
      held: "waits for what comes back of its key",
      releasing: "its key is being let go on",
    }),
    attempts: count("Begun so far."),
    nextAttemptMs: nullable(waitMs("Until the next attempt; null: it does not wait for a time")),
    lastFailure: nullable(ref("Failure")),
  } satisfies Fields<LaneView>,
);

const failure = object(
  "Why an attempt did not succeed; also where the target's configuration is to blame, which is not charged to the event.",
  {
    reason: text("Such as `HTTP_STATUS` or `TIMEOUT`."),
    status: nullable({ type: "integer", description: "HTTP status; null: there was no answer." }),
    detail: text("For people."),
  } satisfies Fields<Failure>,
);

const setAsideKey = object("A key whose later events do not follow the others.", {
  kind: oneWord<SetAsideView["kind"]>("Why, and what becomes of its later events.", {
    quarantine: "it has a dead letter; later events are parked",
    block: "it has a dead letter; later events wait where they are",
    deferred: "it is slow; its events are parked and go on by themselves",
  }),
  key: nullable(text("UTF-8, else hex; null: the whole partition (`order: partition`).")),
  offset: offset("Of its dead letter, or of the deferred event, in the source partition."),
  redriveCount: count("How often the dead letter had been redriven when it was given up."),
  parkedHere: count("Events that this process has parked; those of earlier owners do not count."),
  returning: {
    type: "boolean",
    description: "What was set aside is on its way back: a redrive, or a slow key that goes on.",
  },
} satisfies Fields<SetAsideView>);

const halt = object(
  "A partition that stands still because records or offsets are gone. Nothing is skipped.",
  {
    ...PLACE,
    reason: oneWord<HaltView["reason"]>("What is gone.", {
      "log-start-beyond-offset": "retention took records before they were delivered",
      "offset-beyond-log-end": "the log ends below the committed offset",
      "committed-offset-gone": "the group's offsets were deleted",
    }),
    nextOffset: offset("Where it would go on."),
    logStart: offset("Lowest offset of the log."),
    logEnd: offset("One above its highest."),
    gone: nullable(count("Records that are gone; null where that is not known.")),
  } satisfies Fields<HaltView>,
);

/** By their names in the document. */
export const PARTITION_SCHEMAS: Readonly<Record<string, Schema>> = {
  Partition: partition,
  Lane: lane,
  Failure: failure,
  SetAsideKey: setAsideKey,
  Halt: halt,
};
