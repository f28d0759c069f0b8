import type { DeadLetterReason, Preparation, PreparedRequest } from "@millrace/engine";

/** What a configuration makes of a record. */
export type Outcome =
  | { readonly kind: "filtered" }
  | {
      readonly kind: "undeliverable";
      readonly reason: DeadLetterReason;
      /** Holds no payload. */
      readonly detail: string;
    }
  | { readonly kind: "request"; readonly request: PreparedRequest };

/** A preparation that does not wait for a schema. */
export type Prepared = Exclude<Preparation, { readonly kind: "schema-needed" }>;

/** The outcome of a preparation. */
export function outcomeOf(prepared: Prepared): Outcome {
  if (prepared.kind === "filtered") return prepared;
  const { verdict, event } = prepared;
  if (verdict.kind === "undeliverable") return verdict;
  if (event.request === null) throw new Error("an event to be delivered has no request");
  return { kind: "request", request: event.request };
}

/** The body as text; null for none. */
export function bodyText({ body }: Pick<PreparedRequest, "body">): string | null {
  return body === null || typeof body === "string" ? body : Buffer.from(body).toString();
}

/** The value of a body: what its JSON says, else its text; undefined for none. */
export function bodyValue(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
