/** The checked configuration: total, frozen, durations in ms. Only this travels; the YAML's form stays in `options/`. */
import type {
  AttemptLimit,
  BreakerConfig,
  Order,
  RateLimit,
  StartPosition,
} from "@millrace/engine";
import type { Catalog, DecodedEvent, Envelope } from "@millrace/schemas";

/** What a process needs that has no targets: servers and contracts. */
export interface ServersConfig {
  /** First part of the names of Millrace's own topics and groups. */
  readonly namespace: string;
  /** Absolute. */
  readonly catalogPath: string;
  readonly catalog: Catalog;
  readonly kafka: KafkaConfig;
  readonly registry: RegistryConfig;
  /** Takes this configuration's secrets out of what is shown. */
  readonly secrets: SecretMask;
}

/** Everything a Millrace process is told. */
export interface MillraceConfig extends ServersConfig {
  /** By name, in the order of the files. May be empty. */
  readonly targets: ReadonlyMap<string, TargetConfig>;
  /** The configuration files read, the named one first; paths relative to the working directory, or as written. */
  readonly files: readonly string[];
}

/** Masks secrets, whole or inside other text. */
export interface SecretMask {
  maskText(text: string): string;
  /** A plain copy: maps become objects, functions are left out. */
  mask(value: unknown): unknown;
}

/** How the brokers are reached. */
export interface KafkaConfig {
  /** `host:port`, at least one. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl: TlsSetting;
  readonly sasl: SaslConfig;
}

/** Whether TLS is used, and with which certificates (PEM text; null leaves the system's). */
export type TlsSetting = { readonly kind: "off" } | ({ readonly kind: "on" } & Certificates);

/** Certificates as PEM text; null where none is given. `cert` and `key` come together. */
export interface Certificates {
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
}

/** How the brokers know us. */
export type SaslConfig =
  | { readonly kind: "none" }
  | {
      readonly kind: "password";
      readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
      readonly username: string;
      readonly password: string;
    };

/** Where the schema registry is. */
export interface RegistryConfig {
  readonly url: string;
  readonly auth:
    | { readonly type: "none" }
    | { readonly type: "basic"; readonly username: string; readonly password: string };
}

/** Everything the deliveries to one target are decided by. */
export interface TargetConfig {
  readonly name: string;
  /** At least one, each once. */
  readonly topics: readonly string[];
  readonly startAt: StartPosition;
  readonly order: Order;
  readonly onDeadLetter: "quarantine" | "block" | "skip";
  /** How long a dead letter or parked event stays in its topic at least, from when it was written, ms; at least 1000. */
  readonly keepSetAsideMs: number;
  /** Attempts in flight at most, over all processes. */
  readonly concurrencyMax: number;
  readonly ratePerSecond: RateLimit;
  readonly retry: {
    readonly maxAgeMs: number;
    readonly baseMs: number;
    readonly capMs: number;
    readonly maxAttempts: AttemptLimit;
  };
  readonly breaker: BreakerConfig;
  /** Total deadline of one attempt, at most 45 s: a rebalance waits for what is in flight. */
  readonly timeoutMs: number;
  readonly input: {
    readonly envelope: "require" | "derive";
    readonly tombstones: "skip" | "deliver";
  };
  readonly network: NetworkPolicy;
  readonly auth: AuthConfig;
  readonly tls: Certificates & { readonly servername: string | null };
  readonly onConflict: "duplicate-ok" | "retry";
  /** By status (`404`) or class (`5xx`); a status goes before its class. */
  readonly answers: Readonly<Record<string, "delivered" | "retry" | "dead-letter">>;
  readonly journal: JournalConfig;
  readonly idempotency: {
    /** Lower case. */
    readonly header: string;
    readonly format: "bare" | "sf-string";
    readonly window: DedupeWindow;
  };
  /** Hash of filter, request and reader schemas: 16 hex digits. Secrets do not enter it. */
  readonly mappingRevision: string;
  /** Every mapped URL begins with this: the origin and the path before the first placeholder. */
  readonly urlPrefix: string;
  readonly filter: TargetFilter;
  readonly mapping: TargetMapping;
  readonly source: MappingSource;
}

/** What the journal tells of a target's attempts besides how they ended. */
export interface JournalConfig {
  /** Headers of an answer that may name the call, lower case; the first there is counts. */
  readonly requestIdHeaders: readonly string[];
  /** Whose bodies it shows, masked and cut: of no attempt, of those that failed, or of all. */
  readonly bodies: "none" | "failures" | "all";
  /** Bytes of a body's text at most. */
  readonly bodyBytesMax: number;
}

/** How long a target knows an Idempotency-Key that it has seen, as far as its API says. */
export type DedupeWindow =
  { readonly kind: "undeclared" } | { readonly kind: "declared"; readonly windowMs: number };

/** What filter and mapping were made of, references filled but for secrets: what the mapping revision is a hash of. */
export interface MappingSource {
  /** CEL; null where everything matches, and with a module. */
  readonly filter: string | null;
  /** `request` as the file has it. */
  readonly request: unknown;
  /** The module that maps in code: its path and the hash of its text (SHA-256, hex). Null for none. */
  readonly module: { readonly path: string; readonly sha256: string } | null;
}

/** Where a target may be. */
export type NetworkPolicy =
  | { readonly kind: "internal" }
  | { readonly kind: "public" }
  | { readonly kind: "list"; readonly cidrs: readonly string[] };

/** How a target knows us. */
export type AuthConfig =
  | { readonly type: "none" }
  | { readonly type: "bearer"; readonly token: string }
  | { readonly type: "basic"; readonly username: string; readonly password: string }
  | { readonly type: "header"; readonly name: string; readonly value: string }
  | { readonly type: "standard-webhooks"; readonly secrets: readonly string[] }
  | TokenAuth;

/** A token fetched by a call before the target's, and kept until it expires. */
export interface TokenAuth {
  readonly type: "token";
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  /** As sent; null for none. */
  readonly body: string | null;
  /** JSON pointers (RFC 6901) into the answer; `expiresInPointer` at seconds, null when it tells none. */
  readonly tokenPointer: string;
  readonly expiresInPointer: string | null;
  /** The header the token travels in (lower case), and what stands before it. */
  readonly header: string;
  readonly prefix: string;
}

/** Which events a target gets. */
export interface TargetFilter {
  /** `headers`: `matchesHeaders` decides before the value is decoded. `nothing`: everything matches. */
  readonly needs: "nothing" | "headers" | "data";
  /**
   * Decides by the envelope alone; true where only the data can tell.
   * @throws MillraceError `MAPPING_FAILED`: an event is never skipped because its filter failed.
   */
  matchesHeaders(envelope: Envelope): boolean;
  /** Decides. @throws MillraceError `MAPPING_FAILED`. */
  matches(event: DecodedEvent): boolean;
}

/** Makes an event the call of a target. */
export interface TargetMapping {
  /**
   * The same event gives the same bytes, under one mapping revision.
   * @throws MillraceError `MAPPING_FAILED`, its `details.path` the expression, its message without payload values.
   */
  map(event: DecodedEvent): MappedRequest;
}

/** One mapped call. Auth, signature, trace and Millrace's own headers are added by others. */
export interface MappedRequest {
  readonly method: string;
  /** Absolute and percent-encoded; begins with the target's `urlPrefix`. */
  readonly url: string;
  /** Lower-case names; `content-type` among them when there is a body. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Null when there is no body. */
  readonly contentType: string | null;
}
