/**
 * What is emitted, and what ought to become of it, by this harness's own reckoning: nothing here is the code under test.
 */
import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import avro from "avsc";
import type { Expectation } from "../checker/history.ts";

const SCHEMA = fileURLToPath(new URL("../../schemas/users/ProfileUpdated.avsc", import.meta.url));

/** Type of the events. */
export const EVENT_TYPE = "users.ProfileUpdated";

/** Source of the events. */
export const EVENT_SOURCE = "urn:millrace:chaos";

/** The audit target leaves out every fifth revision of a user. */
export const FILTERED_EVERY = 5;

/** An event before it is sent. */
export interface ChaosEvent {
  readonly id: string;
  readonly key: string;
  /** Counts the events of a key, from 0. */
  readonly sequence: number;
}

/** Its data, as it is sent. */
export function dataOf({ key, sequence }: ChaosEvent): Record<string, unknown> {
  return {
    userId: key,
    display_name: `Name ${sequence}`,
    email: `${key}@example.com`,
    revision: sequence,
  };
}

/** The mapping of every target, in `millrace.yaml`. */
export const BODY_MAPPING = {
  userId: "= event.data.userId",
  event: "= event.id",
  name: "= event.data.display_name",
  revision: "= event.data.revision",
};

/** The filter of the targets that have one, in `millrace.yaml`. */
export const FILTER = `event.data.revision % ${FILTERED_EVERY} != 0`;

/** What a target ought to get of an event. */
export function expectationOf({ id, key, sequence }: ChaosEvent, hasFilter: boolean): Expectation {
  if (hasFilter && sequence % FILTERED_EVERY === 0) return { kind: "filtered" };
  const body = { userId: key, event: id, name: `Name ${sequence}`, revision: sequence };
  return { kind: "deliver", bodySha: hash("sha256", JSON.stringify(body)) };
}

/** Gives the SHA-256 of an event's record value: Confluent's framing, then Avro. */
export function valueHasher(schemaId: number): (event: ChaosEvent) => string {
  const type = avro.Type.forSchema(
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- avsc checks it
    JSON.parse(readFileSync(SCHEMA, "utf8")) as avro.Schema,
  );
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(schemaId, 1);
  return (event) => {
    const value = { phone: null, locale: "en", ...dataOf(event) };
    return hash("sha256", Buffer.concat([frame, type.toBuffer(value)]));
  };
}
