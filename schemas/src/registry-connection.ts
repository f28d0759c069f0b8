import { SchemaError } from "./schema-error.ts";

/** A name and its password. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** How to reach a registry. */
export interface RegistryOptions {
  /** Whole time of one request. Default 10 s. */
  readonly timeoutMs?: number;
  /** Basic credentials; default: those in the URL, if any. */
  readonly auth?: Credentials;
}

/** Where a registry is and how it is asked. */
export interface RegistryConnection {
  /** Without credentials and without a slash at its end. */
  readonly url: string;
  readonly timeoutMs: number;
  readonly auth: Credentials | null;
}

const TIMEOUT_MS = 10_000;

/** @throws SchemaError `REGISTRY_REFUSED` when the URL is none that a registry can have. */
export function connectionTo(url: string, options: RegistryOptions = {}): RegistryConnection {
  const parsed = URL.parse(url);
  if (parsed === null || !["http:", "https:"].includes(parsed.protocol)) {
    throw new SchemaError("REGISTRY_REFUSED", "schema registry: its address must be an http URL");
  }
  const auth = options.auth ?? credentialsOf(parsed);
  parsed.username = "";
  parsed.password = "";
  return {
    url: parsed.href.replace(/\/+$/, ""),
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    auth,
  };
}

function credentialsOf({ username, password }: URL): Credentials | null {
  if (username === "") return null;
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    const message = "schema registry: the credentials in its URL are not percent-encoded";
    throw new SchemaError("REGISTRY_REFUSED", message);
  }
}
