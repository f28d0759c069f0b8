/** The types of one event type, as a generated `EventMap` has them. Types only: no value looks like this. */
export interface EventContract {
  /** Data as an emitter takes it. */
  readonly write: unknown;
  /** Data as a decoder gives it. */
  readonly read: unknown;
  readonly topic: string;
  readonly subject: string;
  /** The field that is the record key by default; null when there is none. */
  readonly keyField: string | null;
}

/** Event types by name. Every generated `EventMap` is one; constrain type parameters with it. */
export type EventContracts = Readonly<Record<string, EventContract>>;
