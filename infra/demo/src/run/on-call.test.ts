import { expect, it } from "vitest";
import type { ApiScript } from "../api/api-script.ts";
import { ANSWER_FILES } from "../verdict/answers.ts";
import type { DeliveryView } from "./delivery-view.ts";
import { answerCall } from "./on-call.ts";

const TARGET = {
  name: "crm",
  keyIn: { in: "nowhere" },
  script: { latency: { kind: "fixed", ms: 3 }, reject: { a: 422 } },
  faults: { serverErrors: false, outage: true, refusals: true },
  expect: () => null,
} as const;
const COUNTS = { beforeOutage: 50, all: 100 };

/** Someone on call in a world where everything has got so far, and what she did. */
function setup(view: Partial<DeliveryView> = {}) {
  const done: string[] = [];
  const kept: string[] = [];
  const scripts: Partial<ApiScript>[] = [];
  const note = (what: string) => {
    done.push(what);
    return Promise.resolve();
  };
  const seen = { settledCount: COUNTS.all, isBreakerOpen: true, setAsideCount: 0, ...view };
  const end = answerCall({
    onCall: { troubled: "crm", neighbour: "audit" },
    targets: [TARGET],
    apis: [
      {
        name: "crm",
        outage: (ms) => note(ms > 1 ? "away" : "back"),
        script: (script) => {
          scripts.push(script);
          return note("mended");
        },
      },
    ],
    watch: { until: async (isTrue) => isTrue(new Map()) },
    display: { say: () => undefined },
    transcript: {
      show: (args, exitCode) => note(`${args.slice(0, 2).join(" ")} ${exitCode ?? 0}`),
      keep: (args, file) => {
        kept.push(file);
        return Promise.resolve();
      },
    },
    eventCounts: COUNTS,
    ask: () => Promise.resolve(seen),
    onAway: () => done.push("the rest is emitted"),
  });
  return { end, done, kept, scripts };
}

it("finds what is stuck before the outage, redrives too early, and again when it is mended", async () => {
  const { end, done, scripts } = setup();

  await end;

  expect(done).toEqual([
    ...["groups list 0", "why crm 0", "dlq stats 0"],
    ...["away", "the rest is emitted", "groups list 0", "why crm 0", "why audit 0"],
    ...["back", "quarantine list 0"],
    ...["dlq redrive 3", "mended", "dlq redrive 0", "quarantine list 0", "why crm 0"],
  ]);
  expect(scripts).toEqual([{ latency: { kind: "fixed", ms: 3 }, reject: {} }]);
});

it("keeps every answer that the verdict reads", async () => {
  const { end, kept } = setup();

  await end;

  expect(kept.toSorted()).toEqual(Object.values(ANSWER_FILES).toSorted());
});

it.each<readonly [string, Partial<DeliveryView>, RegExp]>([
  ["events do not arrive", { settledCount: 49 }, /50 events at audit/u],
  ["its neighbour is held up", { settledCount: 99 }, /100 events at audit/u],
  ["its breaker does not open", { isBreakerOpen: false }, /its breaker/u],
  ["parked events stay", { setAsideCount: 1 }, /what was parked/u],
])("gives up where %s, and says what it waited for", async (_what, view, message) => {
  await expect(setup(view).end).rejects.toThrow(message);
});
