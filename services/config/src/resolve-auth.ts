import type { AuthConfig, TokenAuth } from "./config.ts";
import { headerNameProblem, isHeaderValue } from "./mapping/header-rules.ts";
import type { TargetScope } from "./mapping/target-scope.ts";
import type { AuthOptions } from "./options/auth-options.ts";

/** The auth of a target with its defaults; what cannot be sent is reported. Messages hold no value: it may be secret. */
export function resolveAuth(options: AuthOptions | undefined, scope: TargetScope): AuthConfig {
  if (options === undefined) return { type: "none" };
  switch (options.type) {
    case "none":
      return options;
    case "bearer":
      requireSendable(options.token, "token", scope);
      return options;
    case "basic":
      if (options.username.includes(":")) {
        scope.problem(["auth", "username"], "cannot contain a colon (RFC 7617)");
      }
      return options;
    case "header":
      requireName(options.name, "name", scope);
      requireSendable(options.value, "value", scope);
      return { ...options, name: options.name.toLowerCase() };
    case "standard-webhooks":
      options.secrets.forEach((secret, index) => {
        requireWebhookSecret(secret, index, scope);
      });
      return options;
    case "token":
      return resolveToken(options, scope);
  }
}

function resolveToken(
  options: Extract<AuthOptions, { type: "token" }>,
  scope: TargetScope,
): TokenAuth {
  const url = URL.parse(options.url);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    scope.problem(["auth", "url"], "must be an absolute http or https URL");
  }
  const header = options.header ?? "authorization";
  requireName(header, "header", scope);
  const body = options.body ?? null;
  const isForm = body !== null && typeof body !== "string";
  return {
    type: "token",
    url: options.url,
    method: options.method ?? "POST",
    headers: {
      ...(isForm ? { "content-type": "application/x-www-form-urlencoded" } : {}),
      ...tokenHeaders(options.headers ?? {}, scope),
    },
    body: isForm ? new URLSearchParams(body).toString() : body,
    tokenPointer: options.tokenPointer ?? "/access_token",
    expiresInPointer: options.expiresInPointer ?? "/expires_in",
    header: header.toLowerCase(),
    prefix: options.prefix ?? "Bearer ",
  };
}

function tokenHeaders(
  headers: Readonly<Record<string, string>>,
  scope: TargetScope,
): Record<string, string> {
  const lower: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const path = ["auth", "headers", name];
    const problem = headerNameProblem(name);
    if (problem !== null) scope.problem(path, problem);
    if (!isHeaderValue(value)) scope.problem(path, "has characters that no header can carry");
    lower[name.toLowerCase()] = value;
  }
  return lower;
}

function requireName(name: string, field: string, scope: TargetScope): void {
  const problem = headerNameProblem(name);
  if (problem !== null) scope.problem(["auth", field], problem);
}

function requireSendable(value: string, field: string, scope: TargetScope): void {
  if (!isHeaderValue(value)) {
    scope.problem(["auth", field], "has characters that no header can carry (a line break?)");
  }
}

/** Standard Webhooks: `whsec_` and base64 of 24 to 64 bytes. */
function requireWebhookSecret(secret: string, index: number, scope: TargetScope): void {
  if (/^<(file|env):/.test(secret)) return; // The placeholder of a secret that is not at hand.
  const [, encoded] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
  const size = encoded === undefined ? 0 : Buffer.from(encoded, "base64").length;
  if (size < 24 || size > 64) {
    scope.problem(["auth", "secrets", index], "must be whsec_ and base64 of 24 to 64 bytes");
  }
}
