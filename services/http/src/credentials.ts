import { checkHeader } from "./header-rules.ts";
import type { AuthConfig } from "./options.ts";

/** Header names that an auth kind writes, lower-case; nobody else may set them. */
export function credentialNames(auth: AuthConfig): readonly string[] {
  switch (auth.type) {
    case "none":
      return [];
    case "bearer":
    case "basic":
      return ["authorization"];
    case "header":
      return [checkHeader(auth.name, auth.value)];
    case "standard-webhooks":
      return ["webhook-id", "webhook-timestamp", "webhook-signature"];
    case "token":
      return [checkHeader(auth.header, auth.prefix)];
  }
}

/**
 * The headers that are the same for every call of a target, name and value in turn.
 * @throws MillraceError `CONFIG_INVALID` when a credential cannot be a header.
 */
export function fixedCredentials(auth: AuthConfig): readonly string[] {
  switch (auth.type) {
    case "none":
    case "standard-webhooks":
    case "token":
      return [];
    case "bearer":
      return header("authorization", `Bearer ${auth.token}`);
    case "basic":
      return header("authorization", `Basic ${basicPair(auth)}`);
    case "header":
      return header(auth.name, auth.value);
  }
}

/** What a call proves itself with, as an answer could repeat it; a fetched token is not among it. */
export function credentialTexts(auth: AuthConfig): readonly string[] {
  switch (auth.type) {
    case "none":
    case "standard-webhooks":
    case "token":
      return [];
    case "bearer":
      return [auth.token];
    case "basic":
      return [auth.password, basicPair(auth)];
    case "header":
      return [auth.value];
  }
}

function basicPair({ username, password }: Extract<AuthConfig, { type: "basic" }>): string {
  return Buffer.from(`${username}:${password}`).toString("base64");
}

function header(name: string, value: string): readonly string[] {
  return [checkHeader(name, value), value];
}
