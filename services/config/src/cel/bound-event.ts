import { Buffer, isUtf8 } from "node:buffer";
import type { DecodedEvent, Envelope } from "@millrace/schemas";
import type { Binder } from "./binding.ts";
import { EventFields } from "./event-fields.ts";
import { timestampOfText } from "./timestamp.ts";

/** What `event` has in an expression. */
export const EVENT_FIELDS = [
  "id",
  "source",
  "type",
  "subject",
  "time",
  "key",
  "headers",
  "data",
] as const;

/** An event, or its envelope where the expression needs no more. */
export type EventLike = Envelope & Partial<Pick<DecodedEvent, "key" | "headers" | "data">>;

/** An event, its attributes bound when an expression asks for them. */
export class BoundEvent {
  readonly #event: EventLike;
  readonly #bindData: Binder;
  #fields: EventFields | null = null;

  constructor(event: EventLike, bindData: Binder) {
    this.#event = event;
    this.#bindData = bindData;
  }

  /** The event's data as it was decoded, not bound. */
  get data(): unknown {
    return this.#event.data;
  }

  /** The root `event` as CEL reads it. */
  get fields(): EventFields {
    this.#fields ??= new EventFields((name) => this.get(name));
    return this.#fields;
  }

  /** An attribute as a CEL value; undefined where there is none of that name. */
  get(name: string): unknown {
    switch (name) {
      case "id":
        return this.#event.id;
      case "source":
        return this.#event.source;
      case "type":
        return this.#event.type;
      case "subject":
        return this.#event.subject;
      case "time":
        return this.#event.time === null ? null : timestampOfText(this.#event.time);
      case "key":
        return keyText(this.#event.key ?? null);
      case "headers":
        return new Map(Object.entries(this.#event.headers ?? {}));
      case "data":
        return this.#event.data === null ? null : this.#bindData(this.#event.data);
      default:
        return undefined;
    }
  }
}

/** A key as text; one that is no UTF-8 as hex, the way it is shown everywhere. */
function keyText(key: Uint8Array | null): string | null {
  if (key === null) return null;
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  return bytes.toString(isUtf8(bytes) ? "utf8" : "hex");
}
