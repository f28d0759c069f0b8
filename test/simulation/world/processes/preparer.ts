import {
  MillraceError,
  type EventPreparer,
  type Preparation,
  type SourceRecord,
} from "@millrace/engine";
import type { FaultClass } from "../plan/fault-classes.ts";
import type { EventPlan, TargetPlan } from "../plan/plan.ts";
import type { Machine } from "./machine.ts";

/** The schema registry, which may be away. */
export class Registry {
  isUp = true;
}

/** How long the registry takes, and how long its silence, ms. */
const ANSWER_MS = 20;
const SILENCE_MS = 1_000;

/** What a preparer works with. */
export interface PreparerPorts {
  readonly target: TargetPlan;
  readonly machine: Machine;
  readonly registry: Registry;
  /** Of the mapping. */
  readonly revision: string;
  /** The event a record is of. */
  readonly eventOf: (record: SourceRecord) => EventPlan;
  readonly onFault: (fault: FaultClass, machine: Machine) => void;
}

/** The mapping of a target before anyone changed it. */
export const FIRST_REVISION = "r1";

/** The body that a target ought to get of an event, by a revision of its mapping. */
export function bodyOf(target: string, { id }: EventPlan, revision: string): string {
  return `${target} gets ${id} by ${revision}`;
}

/** Every target's Idempotency-Key of an event. */
export function idempotencyKeyOf(target: string, { id }: EventPlan): string {
  return `${target}/${id}`;
}

/** Looks events up by their records; knows no schema when its process starts. */
export class SimulatedPreparer implements EventPreparer {
  readonly #ports: PreparerPorts;
  readonly #known = new Set<number>();

  constructor(ports: PreparerPorts) {
    this.#ports = ports;
  }

  /** @inheritdoc */
  prepare(record: SourceRecord): Preparation {
    const { target, eventOf, revision } = this.#ports;
    const event = eventOf(record);
    const { schemaId } = event;
    if (!this.#known.has(schemaId)) return { kind: "schema-needed", schemaId };
    const fate = event.fates[target.name];
    if (fate === "filtered") return { kind: "filtered" };
    const isUndeliverable = fate === "undeliverable";
    if (isUndeliverable) this.#ports.onFault("undeliverable", this.#ports.machine);
    return {
      kind: "ready",
      verdict: isUndeliverable
        ? { kind: "undeliverable", reason: "DECODE_FAILED", detail: "no magic byte" }
        : { kind: "deliver" },
      event: {
        record,
        id: event.id,
        source: "urn:simulation",
        type: "simulation.Happened",
        tenant: "default",
        traceparent: null,
        tracestate: null,
        request: isUndeliverable
          ? null
          : {
              method: "POST",
              url: `https://${target.name}.example/`,
              headers: { "idempotency-key": idempotencyKeyOf(target.name, event) },
              body: bodyOf(target.name, event, revision),
              timeoutMs: target.timeoutMs,
            },
        mappingRevision: revision,
      },
    };
  }

  /** @inheritdoc */
  loadSchema(schemaId: number): Promise<void> {
    const { registry, machine } = this.#ports;
    return new Promise((resolve, reject) => {
      machine.schedule(registry.isUp ? ANSWER_MS : SILENCE_MS, () => {
        if (!registry.isUp) {
          this.#ports.onFault("registry-outage", machine);
          reject(new MillraceError("REGISTRY_UNREACHABLE", "the registry does not answer"));
          return;
        }
        this.#known.add(schemaId);
        resolve();
      });
    });
  }
}
