/**
 * What someone on call does, in order: finds the keys that a target refuses, finds its outage, and redrives what was
 * given up, too early first. Each step waits for what the APIs and the delivery process report, however long it takes.
 */
import type { DemoApi } from "../api/demo-api.ts";
import type { SceneTarget } from "../scene/scene.ts";
import { ANSWER_FILES } from "../verdict/answers.ts";
import type { OnCallRun } from "../verdict/verdict.ts";
import type { DeliveryView } from "./delivery-view.ts";
import type { Display } from "./display.ts";
import type { Transcript } from "./transcript.ts";
import type { Watch } from "./watch.ts";

/** Longer than any run: the outage ends when its time has come. */
const OUTAGE_MS = 3_600_000;
/** Without any arrival for so long, a step will not come to its end. */
const IDLE_MS_MAX = 60_000;
/** A command that redrives ends so when events are given up again. */
const EXIT_PARTIAL = 3;

/** What it is done with. */
export interface OnCallOptions {
  readonly onCall: OnCallRun;
  readonly targets: readonly SceneTarget[];
  readonly apis: readonly Pick<DemoApi, "name" | "outage" | "script">[];
  readonly watch: Pick<Watch, "until">;
  readonly display: Pick<Display, "say">;
  readonly transcript: Pick<Transcript, "show" | "keep">;
  /** Events of the topic: those that come before the outage, and all. */
  readonly eventCounts: { readonly beforeOutage: number; readonly all: number };
  readonly ask: (target: string) => Promise<DeliveryView>;
  /** Called when the target in trouble is away: the other events may come. */
  readonly onAway: () => void;
}

/**
 * Resolves when all is mended.
 * @throws Error when a step is not reached, or a command does not end as it should.
 */
export async function answerCall(options: OnCallOptions): Promise<void> {
  await findStuckKeys(options);
  await findOutage(options);
  await comeBack(options);
  await mend(options);
}

async function findStuckKeys(options: OnCallOptions): Promise<void> {
  const { onCall, transcript, display, eventCounts } = options;
  const { troubled, neighbour } = onCall;
  await settled(options, neighbour, eventCounts.beforeOutage);
  await settled(options, troubled, eventCounts.beforeOutage);
  display.say(`\n${troubled} refuses some keys: do events wait, and why?`);
  await transcript.show(["groups", "list"]);
  await transcript.show(["why", troubled]);
  await transcript.keep(["why", troubled], ANSWER_FILES.stuck);
  await transcript.show(["dlq", "stats", "--target", troubled, "--group-by", "status"]);
}

async function findOutage(options: OnCallOptions): Promise<void> {
  const { onCall, transcript, display, eventCounts, ask } = options;
  const { troubled, neighbour } = onCall;
  await apiOf(options).outage(OUTAGE_MS);
  options.onAway();
  display.say(`\n${troubled} goes away, and the rest of the events comes`);
  await settled(options, neighbour, eventCounts.all);
  await reach(options, "its breaker", async () => (await ask(troubled)).isBreakerOpen);
  display.say(`\n${neighbour} has everything already; ${troubled} is still away`);
  await transcript.show(["groups", "list"]);
  await transcript.show(["why", troubled]);
  await transcript.keep(["why", troubled], ANSWER_FILES.away);
  await transcript.show(["why", neighbour]);
  await transcript.keep(["why", neighbour], ANSWER_FILES.neighbour);
}

async function comeBack(options: OnCallOptions): Promise<void> {
  const { onCall, transcript, display, eventCounts } = options;
  const { troubled } = onCall;
  await apiOf(options).outage(1);
  display.say(`\n${troubled} comes back: what is not stuck is delivered by itself`);
  await settled(options, troubled, eventCounts.all);
  await transcript.show(["quarantine", "list", "--target", troubled]);
}

async function mend(options: OnCallOptions): Promise<void> {
  const { onCall, transcript, display, targets, ask } = options;
  const { troubled } = onCall;
  const redrive = ["dlq", "redrive", "--target", troubled, "--yes", "--reason"];
  display.say("\ntoo early: the canary is refused, and the other keys are left alone");
  await transcript.show([...redrive, "perhaps it is well again"], EXIT_PARTIAL);
  const target = targets.find(({ name }) => name === troubled);
  await apiOf(options).script({ ...target?.script, reject: {} });
  display.say(`\nthe validation of ${troubled} is mended`);
  await transcript.show([...redrive, "validation mended", "--canary", "2", "--rate", "10"]);
  await reach(options, "what was parked", async () => (await ask(troubled)).setAsideCount === 0);
  await transcript.show(["quarantine", "list", "--target", troubled]);
  await transcript.keep(["quarantine", "list", "--target", troubled], ANSWER_FILES.waiting);
  await transcript.show(["why", troubled]);
  await transcript.keep(["why", troubled], ANSWER_FILES.mended);
}

function apiOf({ apis, onCall }: OnCallOptions): OnCallOptions["apis"][number] {
  const api = apis.find(({ name }) => name === onCall.troubled);
  if (api === undefined) throw new Error(`no such API in this scene: ${onCall.troubled}`);
  return api;
}

/** Waits until so many events are delivered, given up or parked, and committed. */
function settled(options: OnCallOptions, target: string, count: number): Promise<void> {
  const isSettled = async (): Promise<boolean> => (await options.ask(target)).settledCount >= count;
  return reach(options, `${count} events at ${target}`, isSettled);
}

async function reach(
  { watch }: OnCallOptions,
  what: string,
  isTrue: () => Promise<boolean>,
): Promise<void> {
  if (await watch.until(isTrue, IDLE_MS_MAX)) return;
  throw new Error(`waited for ${what}, but nothing arrived for ${IDLE_MS_MAX / 1_000} s`);
}
