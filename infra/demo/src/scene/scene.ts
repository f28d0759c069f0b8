import type { ApiScript } from "../api/api-script.ts";
import type { KeyLocation } from "../api/key-of-call.ts";
import type { ExpectedCall, OnCallRun, PlannedFaults } from "../verdict/verdict.ts";

/** An event that a scene emits. */
export interface NewEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly key: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What a call is made of. */
export type EmittedEvent = Pick<NewEvent, "id" | "source" | "type" | "data">;

/** One target API of a scene, and what it does to the calls it gets. */
export interface SceneTarget {
  readonly name: string;
  readonly keyIn: KeyLocation;
  readonly script: Partial<ApiScript>;
  readonly faults: PlannedFaults;
  /** The golden mapping: written down a second time, by hand, apart from the configuration. */
  expect(event: EmittedEvent): ExpectedCall | null;
}

/** What is emitted, to whom it goes, and what goes wrong on the way. */
export interface Scene {
  readonly name: SceneName;
  /** The catalogue's topic. */
  readonly topic: string;
  readonly keyField: string;
  /** Event types, as the catalogue names them. */
  readonly types: readonly string[];
  readonly targets: readonly SceneTarget[];
  readonly events:
    | {
        readonly kind: "generated";
        readonly countDefault: number;
        /** Events a second that are emitted. */
        readonly rate: number;
        /** The last ones, from 0 to 1, wait until an API is away, so that there is something to hold back. */
        readonly heldShare: number;
        /** The same seed and run give the same events. */
        readonly generate: (options: GenerateOptions) => NewEvent[];
      }
    | { readonly kind: "file"; readonly path: string };
  /** Null: nobody is on call. The delivery process is killed, APIs go away, and all of it mends by itself. */
  readonly onCall: OnCallRun | null;
}

/** What a scene's events are made from. */
export interface GenerateOptions {
  readonly run: string;
  readonly count: number;
  readonly seed: number;
}

/** The scenes there are. */
export const SCENE_NAMES = ["users", "orders", "flights", "oncall"] as const;

/** A scene's name. */
export type SceneName = (typeof SCENE_NAMES)[number];

/** A fifth of the calls fails. */
export const FAILS_A_FIFTH: Partial<ApiScript> = {
  latency: { kind: "exponential", meanMs: 4, maxMs: 40 },
  faults: [{ kind: "status", share: 0.2, status: 503 }],
};

/** Answers well, in a few milliseconds. */
export const QUICK: Partial<ApiScript> = {
  latency: { kind: "exponential", meanMs: 3, maxMs: 30 },
};
