/** What of an event is personal, and what its mapping makes of it. */
import type { TargetMapping } from "@millrace/config";
import type { PreparedEvent } from "@millrace/engine";
import {
  createStandInDecoder,
  hasPersonalData,
  parseSchema,
  personalValues,
  type DecodedEvent,
  type Decoder,
  type PersonalValues,
  type SchemaNode,
} from "@millrace/schemas";

/** What can be told of an event. */
export type EventPrivacy =
  /** Nothing in it is personal. */
  | { readonly kind: "open" }
  /** What is personal cannot be told: its schema cannot be had, it has too many values, or they cannot be replaced. */
  | { readonly kind: "unknown" }
  | {
      readonly kind: "personal";
      readonly texts: ReadonlySet<string>;
      /** Names of the fields that hold them. */
      readonly names: ReadonlySet<string>;
      /** The bodies that the mapping makes of the event with one and with the other stand-in for all that is personal. */
      readonly probes: readonly [string | null, string | null];
    };

/** How events of a target are looked at. */
export interface PrivacyOptions {
  readonly decoder: Decoder;
  readonly mapping: TargetMapping;
  /** Whether records of a topic are keyed by personal data. */
  readonly isKeyPersonal: (topic: string) => boolean;
}

/** Looks at events of one target. */
export class EventPrivacies {
  readonly #options: PrivacyOptions;
  readonly #standIns: readonly [Decoder, Decoder];
  readonly #nodes = new WeakMap<object, SchemaNode>();
  /** Request and answers of one event are often looked at in a row. */
  #last: { readonly event: PreparedEvent; readonly privacy: EventPrivacy } | null = null;

  constructor(options: PrivacyOptions) {
    const { decoder, isKeyPersonal } = options;
    this.#options = options;
    this.#standIns = [
      createStandInDecoder(decoder, { which: 0, isKeyPersonal }),
      createStandInDecoder(decoder, { which: 1, isKeyPersonal }),
    ];
  }

  /** What is personal in an event. Never throws. */
  of(event: PreparedEvent): EventPrivacy {
    if (this.#last?.event !== event) this.#last = { event, privacy: this.#lookAt(event) };
    return this.#last.privacy;
  }

  #lookAt({ record }: PreparedEvent): EventPrivacy {
    try {
      const decoded = this.#options.decoder.decode(record);
      if (decoded.kind !== "event") return { kind: "unknown" };
      const { event } = decoded;
      const isKeyed = record.key !== null && this.#options.isKeyPersonal(record.topic);
      const node = this.#nodeOf(event);
      if (!isKeyed && (node === null || !hasPersonalData(node))) return { kind: "open" };
      return this.#personal(record, valuesOf(event, node, isKeyed));
    } catch {
      // A mapping may fail of a stand-in, and a schema may be one that has no end.
      return { kind: "unknown" };
    }
  }

  #personal(
    record: PreparedEvent["record"],
    { texts, names, isCut }: PersonalValues,
  ): EventPrivacy {
    if (isCut) return { kind: "unknown" };
    const [one, other] = this.#standIns.map((decoder) => {
      const probe = decoder.decode(record);
      return probe.kind === "event" ? this.#options.mapping.map(probe.event).body : undefined;
    });
    if (one === undefined || other === undefined) return { kind: "unknown" };
    return { kind: "personal", texts, names, probes: [one, other] };
  }

  #nodeOf({ schema }: DecodedEvent): SchemaNode | null {
    const avro: unknown = schema?.avro;
    if (typeof avro !== "object" || avro === null) return null;
    const node = this.#nodes.get(avro) ?? parseSchema(avro);
    this.#nodes.set(avro, node);
    return node;
  }
}

/** With a personal key, the key, and the subject, which is taken to be the key then. */
function valuesOf(event: DecodedEvent, node: SchemaNode | null, isKeyed: boolean): PersonalValues {
  const { texts, names, isCut } =
    node === null
      ? { texts: new Set<string>(), names: new Set<string>(), isCut: false }
      : personalValues(event.data, node);
  if (!isKeyed) return { texts, names, isCut };
  const { key, subject, partitionKey } = event;
  const keys = [key === null ? null : Buffer.from(key).toString(), subject, partitionKey];
  const own = keys.filter((text): text is string => text !== null && text !== "");
  return { texts: new Set([...texts, ...own]), names, isCut };
}
