import type { Environment } from "@marcbachmann/cel-js";
import type { DecodedEvent, Envelope } from "@millrace/schemas";
import { readAvro, type AvroNode } from "./avro-node.ts";
import { compileBinding, type Binder, type Binding } from "./binding.ts";
import { BoundEvent } from "./bound-event.ts";
import { createEnvironment } from "./environment.ts";

/** What expressions are checked and run against: one event type with its reader schema, or any event. */
export interface EventModel {
  /** The event type; null where it may be any, and nothing is known of the data. */
  readonly type: string | null;
  /** The reader schema of `event.data`; null with the type. */
  readonly data: AvroNode | null;
  readonly environment: Environment;
  /** The binder of a node of `data`. */
  readonly binderOf: (node: AvroNode) => Binder;
}

/** An event ready for expressions, with the model whose programs to run. */
export interface BoundInput {
  readonly model: EventModel;
  readonly event: BoundEvent;
}

const NO_DATA: AvroNode = { kind: "scalar", scalar: "null" };

/** The event types a configuration knows, and the binding of events to them. */
export class EventModels {
  /** For events of unknown types, of other schemas than the catalog's, and for tombstones. */
  readonly any: EventModel;
  private readonly schemas: ReadonlyMap<string, unknown>;
  private readonly models = new Map<string, EventModel & { readonly bind: Binder }>();
  private readonly foreign = new WeakMap<object, Binder>();
  private readonly isReader = new WeakMap<object, boolean>();

  /** @param schemas The reader schema (Avro, as parsed JSON) of each event type. */
  constructor(schemas: ReadonlyMap<string, unknown>) {
    this.schemas = schemas;
    const { binding } = compiled(NO_DATA, "plain");
    const environment = createEnvironment(null, binding);
    this.any = { type: null, data: null, environment, binderOf: binding.binderOf };
  }

  /** The model of a known event type; compiled at its first use. */
  of(type: string): EventModel {
    return this.compile(type);
  }

  /** Binds an envelope, for expressions that need no more. */
  bindEnvelope(envelope: Envelope): BoundInput {
    const model = this.schemas.has(envelope.type) ? this.compile(envelope.type) : this.any;
    return { model, event: new BoundEvent(envelope, nothing) };
  }

  /** Binds an event by the schema its data has. */
  bind(event: DecodedEvent): BoundInput {
    if (event.data !== null && this.hasReaderSchema(event)) {
      const model = this.compile(event.type);
      return { model, event: new BoundEvent(event, model.bind) };
    }
    return { model: this.any, event: new BoundEvent(event, this.foreignBinder(event)) };
  }

  private compile(type: string): EventModel & { readonly bind: Binder } {
    const known = this.models.get(type);
    if (known !== undefined) return known;
    const { node, binding } = compiled(readAvro(this.schemas.get(type)), "typed");
    const environment = createEnvironment(node, binding);
    const { bind, binderOf } = binding;
    const model = { type, data: node, environment, binderOf, bind };
    this.models.set(type, model);
    return model;
  }

  /** An event that carries no schema is taken to fit the catalog's. */
  private hasReaderSchema({ type, schema }: DecodedEvent): boolean {
    const reader = this.schemas.get(type);
    if (reader === undefined) return false;
    const avro = schema?.avro;
    if (avro === undefined || avro === reader) return true;
    if (typeof avro !== "object" || avro === null) return false;
    let isSame = this.isReader.get(avro);
    if (isSame === undefined) {
      isSame = JSON.stringify(avro) === JSON.stringify(reader);
      this.isReader.set(avro, isSame);
    }
    return isSame;
  }

  private foreignBinder({ schema }: DecodedEvent): Binder {
    const avro = schema?.avro;
    if (typeof avro !== "object" || avro === null) return nothing;
    const known = this.foreign.get(avro);
    if (known !== undefined) return known;
    const { bind } = compiled(readAvro(avro), "plain").binding;
    this.foreign.set(avro, bind);
    return bind;
  }
}

function compiled(
  node: AvroNode,
  records: "typed" | "plain",
): { readonly node: AvroNode; readonly binding: Binding } {
  return { node, binding: compileBinding(node, records) };
}

const nothing: Binder = () => undefined;
