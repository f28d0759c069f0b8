import type { SecretMask, TargetConfig, TargetFilter } from "@millrace/config";
import type { EventPreparer } from "@millrace/engine";
import type { ShadowSide } from "@millrace/jobs";
import { createTargetDecoder, TargetEventPreparer } from "@millrace/preparer";
import {
  createStandInDecoder,
  isKeyPersonal,
  type Catalog,
  type Registry,
} from "@millrace/schemas";
import type { Privacy } from "../tail/event-view.ts";

/** What a configuration says of a target. */
export interface SideConfig {
  readonly target: TargetConfig;
  readonly catalog: Catalog;
  /** Takes the secrets of the configuration out of what is shown. */
  readonly secrets: SecretMask;
}

/** What both sides work with. */
export interface SideGround {
  readonly registry: Registry;
  /** See `TargetContracts`. */
  readonly clusterId: string;
  readonly privacy: Privacy;
}

const EVERYTHING: TargetFilter = {
  needs: "nothing",
  matchesHeaders: () => true,
  matches: () => true,
};

/** A configuration's side of a shadow replay. Events of topics that its target does not read count as filtered. */
export function shadowSide(
  { target, catalog, secrets }: SideConfig,
  { registry, clusterId, privacy }: SideGround,
): ShadowSide {
  // Who looks on is told at once what the registry does not know.
  const decoder = createTargetDecoder(target, { registry, catalog, clusterId, unknownGraceMs: 0 });
  const preparer = ofItsTopics(target, new TargetEventPreparer(target, decoder));
  const probe = (which: 0 | 1): EventPreparer => {
    const isPersonal = (topic: string): boolean => isKeyPersonal(catalog, topic);
    const standIns = createStandInDecoder(decoder, { which, isKeyPersonal: isPersonal });
    return new TargetEventPreparer({ ...target, filter: EVERYTHING }, standIns);
  };
  return {
    preparer,
    // What is compared with itself is never masked.
    probes: privacy === "unmasked" ? [preparer, preparer] : [probe(0), probe(1)],
    maskText: (text) => secrets.maskText(text),
  };
}

function ofItsTopics({ topics }: TargetConfig, preparer: EventPreparer): EventPreparer {
  return {
    prepare: (record) =>
      topics.includes(record.topic) ? preparer.prepare(record) : { kind: "filtered" },
    loadSchema: (schemaId) => preparer.loadSchema(schemaId),
  };
}
