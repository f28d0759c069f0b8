import type { DemoApi } from "../api/demo-api.ts";
import type { Scene } from "../scene/scene.ts";
import { makeTrouble } from "./chaos.ts";
import type { CommandPlace } from "./command.ts";
import type { Delivery } from "./delivery.ts";
import type { Display } from "./display.ts";
import type { EmissionPlan } from "./emission-plan.ts";
import { answerCall } from "./on-call.ts";
import { Transcript } from "./transcript.ts";
import type { Watch } from "./watch.ts";

/** What goes wrong in a run, under way. */
export interface Trouble {
  /** Resolves when the events that are held back may come. */
  readonly begun: Promise<unknown>;
  /** Resolves to the times at which the delivery process was killed, when nothing more is done. */
  readonly kills: Promise<readonly number[]>;
}

/** What it is made of. */
export interface TroubleOptions extends CommandPlace {
  readonly scene: Scene;
  readonly configPath: string;
  readonly apis: readonly DemoApi[];
  readonly watch: Watch;
  readonly display: Display;
  readonly delivery: Delivery;
  readonly emission: EmissionPlan;
}

/** Lets things go wrong; where someone is on call, she does something about it. */
export function startTrouble(options: TroubleOptions): Trouble {
  const { scene, apis, watch, display, delivery, emission } = options;
  const { onCall, targets } = scene;
  if (onCall === null) {
    const expectedEffects = [...emission.expected.values()].reduce((sum, count) => sum + count, 0);
    const { crash: crashDelivery } = delivery;
    const kills = makeTrouble({ scene, apis, watch, expectedEffects, crashDelivery, display });
    return { begun: kills, kills };
  }
  const away = Promise.withResolvers<undefined>();
  const mended = answerCall({
    ...{ onCall, targets, apis, watch, display, ask: delivery.ask },
    transcript: new Transcript(options),
    eventCounts: { beforeOutage: emission.freeCount, all: emission.eventCount },
    onAway: () => away.resolve(undefined),
  });
  const begun = Promise.race([away.promise, mended]);
  // A failure is told by `kills`, also where nobody waits for `begun`.
  begun.catch(() => undefined);
  return { begun, kills: mended.then(() => []) };
}
