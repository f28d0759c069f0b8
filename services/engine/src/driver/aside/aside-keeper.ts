/**
 * Does what the engine asks for keys that are set aside: dead letters, markers, parked events, and the way back. Every
 * call that fails is reported, paused for, and told; the engine asks again.
 */
import type { Effect } from "../../core/effect.ts";
import type { Input } from "../../core/input.ts";
import type { Detour } from "../../core/aside/detour.ts";
import type { Aside, Marker } from "../../core/aside/marker.ts";
import type { ReplayNote } from "../../core/aside/progress.ts";
import type { PreparedEvent } from "../../ports.ts";
import { ClaimWriter } from "./claim-writer.ts";
import { DeadLetterPlaces } from "../dead-letters/dead-letter-places.ts";
import { DeadLetterWriter } from "../dead-letters/dead-letter-writer.ts";
import { DetourReader } from "./detour-reader.ts";
import { EpochFence } from "./epoch-fence.ts";
import { MarkerWriter } from "./marker-writer.ts";
import {
  PORT_RETRY_MS,
  type DriverOptions,
  type DriverPorts,
  type RedriveEnd,
} from "../options.ts";
import type { Reporter } from "../reporter.ts";

type EventEffect = Effect<PreparedEvent>;
type EventInput = Input<PreparedEvent>;
type Of<Kind extends EventEffect["kind"]> = Extract<EventEffect, { kind: Kind }>;

/** Effects that concern keys set aside. */
export type AsideEffect = Of<
  "dead-letter" | "mark" | "park" | "read-detour" | "progress" | "release"
>;

/** A call to be made for the engine, and what it is told of its end. */
interface Call {
  readonly what: string;
  readonly made: () => Promise<EventInput>;
  readonly failed: EventInput;
}

/** Whom the keeper works for. */
export interface AsideOwner {
  readonly reporter: Reporter;
  readonly step: (input: EventInput) => void;
  /** A key's detour is over: released, or given up again. */
  readonly detourEnded: (aside: Aside<PreparedEvent>, end: RedriveEnd) => void;
  /** Writes how far replays have come. */
  readonly writeReplays: (notes: readonly ReplayNote<PreparedEvent>[]) => Promise<void>;
}

/** See the head of this file. */
export class AsideKeeper {
  readonly places = new DeadLetterPlaces();
  readonly claims: ClaimWriter;
  readonly fence: EpochFence;
  readonly #clock: DriverPorts["clock"];
  readonly #to: AsideOwner;
  readonly #deadLetters: DeadLetterWriter;
  readonly #markers: MarkerWriter;
  readonly #reader: DetourReader;

  constructor(options: DriverOptions, ports: DriverPorts, to: AsideOwner) {
    const { target, deadTopic: dead, parkedTopic: parked, engine } = options;
    this.#clock = ports.clock;
    this.#to = to;
    this.#deadLetters = new DeadLetterWriter(ports.sink, { target, dead, parked });
    const { clock, stateLog, source } = ports;
    this.claims = new ClaimWriter(options, ports);
    this.fence = new EpochFence(options, {
      stateLog,
      claims: this.claims,
      isProven: () => source.isProven(),
      onRenewed: ({ topic, partition }) => to.reporter.renewed({ topic, partition }),
    });
    const { fence, places } = this;
    this.#markers = new MarkerWriter(target, { clock, stateLog, fence, places });
    const lanes = engine.order === "partition" ? "partition" : "key";
    this.#reader = new DetourReader({ dead, parked, lanes }, ports, this.places);
  }

  /** Does one of them. */
  perform(effect: AsideEffect): void {
    this.#make(this.#callOf(effect));
  }

  #callOf(effect: AsideEffect): Call {
    switch (effect.kind) {
      case "dead-letter":
        return this.#deadLetter(effect);
      case "mark":
        return this.#mark(effect);
      case "park":
        return {
          what: "park events",
          made: async () => {
            await this.#deadLetters.park(effect);
            return { kind: "parks-written", parks: [effect] };
          },
          failed: { kind: "parks-failed", parks: [effect] },
        };
      case "read-detour":
        return {
          what: "read parked events",
          made: async () => ({ kind: "detour-found", ...(await this.#reader.read(effect)) }),
          failed: { kind: "detour-failed", detour: effect.detour },
        };
      case "progress":
        return {
          what: "write the progress of a redrive or replay",
          made: async () => {
            if (effect.entries.length > 0) await this.#markers.progress(effect.entries);
            if (effect.replays.length > 0) await this.#to.writeReplays(effect.replays);
            return { kind: "progress-written", id: effect.id };
          },
          failed: { kind: "progress-failed", id: effect.id },
        };
      case "release":
        return this.#release(effect);
    }
  }

  #deadLetter({ delivery, why, holdsKey }: Of<"dead-letter">): Call {
    const deliveries = [delivery];
    return {
      what: "write a dead letter",
      made: async () => {
        const position = await this.#deadLetters.write(delivery, { ...why, holdsKey });
        if (position !== undefined) this.places.noteDelivery(delivery, position);
        return { kind: "dead-letters-written", deliveries };
      },
      failed: { kind: "dead-letters-failed", deliveries },
    };
  }

  #mark(effect: Of<"mark">): Call {
    return {
      what: "write a marker",
      made: async () => {
        const marker = await this.#markers.mark(effect);
        this.#to.reporter.marked(effect);
        const detour = effect.delivery?.lane.detour ?? null;
        if (detour !== null) this.#to.detourEnded(detour.aside, endBy(marker, detour));
        return { kind: "marks-written", marks: [{ ...effect, marker }] };
      },
      failed: { kind: "marks-failed", marks: [effect] },
    };
  }

  #release({ detour }: Of<"release">): Call {
    return {
      what: "release a key",
      made: async () => {
        await this.#markers.release(detour);
        this.#to.reporter.keyReleased(detour.aside);
        this.#to.detourEnded(detour.aside, endOf(detour.aside));
        return { kind: "releases-written", detours: [detour] };
      },
      failed: { kind: "releases-failed", detours: [detour] },
    };
  }

  /** Told in the end, whatever happened. */
  #make({ what, made, failed }: Call): void {
    made().then(
      (input) => this.#to.step(input),
      (error: unknown) => {
        this.#to.reporter.portFailed(what, error);
        this.#clock.schedule(PORT_RETRY_MS, () => this.#to.step(failed));
      },
    );
  }
}

/** A later event of the key may have been given up, which its dead letter came before. */
function endBy({ offset }: Marker, { aside }: Detour<PreparedEvent>): RedriveEnd {
  return offset === aside.marker.offset ? "given-up" : endOf(aside);
}

function endOf({ dropBelow }: Aside<PreparedEvent>): RedriveEnd {
  return dropBelow === null ? "delivered" : "dropped";
}
