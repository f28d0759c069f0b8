import type { ConnectionOptions } from "node:tls";

/** Where the brokers are and how to speak to them. */
export interface KafkaConnection {
  /** `host:port` of brokers to begin with; the cluster names the others. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** `ca`, `cert` and `key` are PEM texts; without a `ca` the system's authorities count. */
  readonly ssl:
    | { readonly kind: "off" }
    | {
        readonly kind: "on";
        readonly ca: string | null;
        readonly cert: string | null;
        readonly key: string | null;
      };
  readonly sasl:
    | { readonly kind: "none" }
    | {
        readonly kind: "password";
        readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
        readonly username: string;
        readonly password: string;
      };
}

/** A connection without TLS and without credentials. */
export function plainConnection(brokers: readonly string[], clientId: string): KafkaConnection {
  return { brokers, clientId, ssl: { kind: "off" }, sasl: { kind: "none" } };
}

/** The connection's TLS settings as Node wants them, or null for plain TCP. */
export function tlsOptions({ ssl }: KafkaConnection): ConnectionOptions | null {
  if (ssl.kind === "off") return null;
  const { ca, cert, key } = ssl;
  return {
    ...(ca === null ? {} : { ca }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
  };
}
