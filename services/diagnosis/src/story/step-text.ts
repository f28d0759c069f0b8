/** A sentence for each step of a story, from its JSON alone. */
import type { StepKind, StoryStep, WaitedBehind } from "./event-story.ts";
import { spanText } from "./span-text.ts";

type StepOf<Kind extends StepKind> = Extract<StoryStep, { readonly kind: Kind }>;

const SENTENCES: { readonly [Kind in StepKind]: (step: StepOf<Kind>) => string } = {
  waited: ({ forMs, behind }) => `waited ${spanText(forMs)} ${behindText(behind)}`,
  attempt: (step) => attemptText(step),
  "attempts-left-out": ({ count }) => `${countText(count, "more attempt")}, not kept`,
  skipped: ({ mappingRevision, reason }) =>
    reason === null
      ? `left out by the filter (mapping ${mappingRevision})`
      : `not sent: its key went on without it (${reason})`,
  delivered: () => "delivered",
  "dead-lettered": ({ letter, redrives, ...why }) => {
    const again = redrives === null || redrives === 0 ? "" : ` again, redriven ${redrives} times`;
    const where = letter === null ? "" : `; its dead letter is ${letter}`;
    return `given up${again}: ${reasonText(why)}${where}`;
  },
  parked: ({ behind, reason, parked }) => {
    const where = parked === null ? "" : ` as ${parked}`;
    return behind === null
      ? `set aside${where}: its key is slow and goes on behind the others`
      : `parked${where} behind ${behind}, ${reason === "KEY_DEFERRED" ? "an earlier event of its slow key" : "a dead letter of its key"}`;
  },
  "redrive-wanted": ({ by, reason, of }) => `${by} asked for a redrive of ${of}: ${reason}`,
  "drop-wanted": ({ by, reason, of }) =>
    `${by} had its key go on without it, from behind ${of}: ${reason}`,
  redriven: ({ by, reason }) =>
    `delivered by a redrive that ${by} asked for (${reason}); the journal has lost how`,
  dropped: ({ by, reason }) => `${by} took it for done: ${reason}`,
  "replay-wanted": ({ job, mode, by, reason, wanted, state }) =>
    `${by} wants it in replay ${job} (${mode}): ${reason}; ${REPLAY_STATES[state]}${wanted === "run" ? "" : `, ${REPLAY_WISHES[wanted]}`}`,
  replayed: ({ job, outcome, reason, detail }) =>
    outcome === "delivered"
      ? `delivered by replay ${job}`
      : `${outcome} by replay ${job}: ${reasonText({ reason, detail })}`,
  rewound: ({ by, reason, direction, to }) =>
    `${by} set the group ${REWOUND[direction]}, to offset ${to}: ${reason}`,
};

const REWOUND = {
  back: "back, so that it is delivered again",
  forward: "on behind it, so that it is not delivered",
} as const;

const REPLAY_STATES = {
  open: "it has not come to this event",
  passed: "it has passed this event",
  ended: "it has ended",
} as const;

const REPLAY_WISHES = { pause: "paused", cancel: "cancelled" } as const;

/** What a step says to people, without its time. */
export function stepText(step: StoryStep): string {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the sentence of the step's own kind
  const sentence = SENTENCES[step.kind] as (step: StoryStep) => string;
  return sentence(step);
}

function attemptText(step: StepOf<"attempt">): string {
  const { number, durationMs, end, status, requestId, retryInMs, job } = step;
  const replay = job === null ? "" : ` of replay ${job}`;
  const retry = retryInMs === null ? "" : `, retry in ${spanText(retryInMs)}`;
  const what = status === null ? `${END_TEXTS[end] ?? end} after` : `HTTP ${status} in`;
  const id = requestId === null ? "" : `, request id ${requestId}`;
  return `attempt ${number}${replay}: ${what} ${spanText(durationMs)}${id}${retry}`;
}

/** Codes that are no words; others are those of the error table. */
const END_TEXTS: Readonly<Record<string, string>> = { abandoned: "abandoned by us" };

function behindText(behind: WaitedBehind): string {
  switch (behind.kind) {
    case "earlier-event":
      return `behind ${behind.place}, an earlier event of its key, which was then ${behind.outcome}`;
    case "pause":
      return `while the target was paused by ${behind.by}: ${behind.reason}`;
    case "unknown":
      return "for what nobody noted: a slow or held target, a process that was away";
  }
}

function reasonText(why: {
  readonly reason: string | null;
  readonly detail: string | null;
}): string {
  const { reason, detail } = why;
  if (reason === null) return "for a reason that nobody noted";
  return detail === null || detail === "" ? reason : `${detail} (${reason})`;
}

/** A count with its noun. */
export function countText(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}
