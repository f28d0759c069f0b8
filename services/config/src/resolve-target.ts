import { DEFAULTS, type BreakerConfig } from "@millrace/engine";
import type { Catalog } from "@millrace/schemas";
import type { JournalConfig, TargetConfig } from "./config.ts";
import { idempotencyOf } from "./resolve-idempotency.ts";
import type { TargetScope } from "./mapping/target-scope.ts";
import { mappingParts, type ModuleFile } from "./mapping/mapping-parts.ts";
import { resolveNetwork } from "./network-policy.ts";
import type { TargetOptions } from "./options/target-options.ts";
import { resolveAuth } from "./resolve-auth.ts";
import { suggest } from "./suggestion.ts";

/** A target as the file has it, and what it is resolved with. */
export interface TargetInput {
  readonly options: TargetOptions;
  /** Null where the catalog does not hold. */
  readonly catalog: Catalog | null;
  /** What `module` names, loaded; null where the target has none, or it cannot be loaded. */
  readonly module: ModuleFile | null;
}

const TIMEOUT_MS = 10_000;
/** A day: whoever looks at what was redriven yesterday finds it. */
const KEEP_SET_ASIDE_MS = 86_400_000;

/** The target with its defaults; null, with the problems reported, when no call can be made of it. */
export function resolveTarget(input: TargetInput, scope: TargetScope): TargetConfig | null {
  const { options } = input;
  checkTopics(input, scope);
  checkTogether(options, scope);
  const idempotency = idempotencyOf(options, scope);
  const auth = resolveAuth(options.auth, scope);
  const order = options.order ?? DEFAULTS.order;
  const parts = mappingParts({ ...input, setElsewhere: headersSet(auth, idempotency) }, scope);
  if (parts === null) return null;
  return {
    name: scope.name,
    topics: options.topics,
    startAt: options.startAt,
    order,
    onDeadLetter: options.onDeadLetter ?? AFTER_DEAD_LETTER[order][0],
    keepSetAsideMs: options.keepSetAside ?? KEEP_SET_ASIDE_MS,
    concurrencyMax: options.concurrency?.max ?? DEFAULTS.concurrencyMax,
    ratePerSecond: options.rate ?? DEFAULTS.rate,
    retry: retryOf(options.retry ?? {}),
    breaker: breakerOf(options.breaker ?? {}),
    timeoutMs: options.request.timeout ?? TIMEOUT_MS,
    input: {
      envelope: options.input?.envelope ?? "require",
      tombstones: options.input?.tombstones ?? "skip",
    },
    network: resolveNetwork(options.network, scope),
    auth,
    tls: tlsOf(options.tls ?? {}),
    onConflict: options.onConflict ?? "retry",
    answers: options.answers ?? {},
    journal: journalOf(options.journal ?? {}),
    idempotency,
    ...parts,
  };
}

/** What may follow a dead letter under each order; the default first. */
const AFTER_DEAD_LETTER = {
  key: ["quarantine", "block", "skip"],
  partition: ["block", "skip"],
  none: ["skip"],
} as const;

function checkTopics({ options, catalog }: TargetInput, scope: TargetScope): void {
  const seen = new Set<string>();
  for (const [index, topic] of options.topics.entries()) {
    if (seen.has(topic)) scope.problem(["topics", index], `the topic ${topic} stands twice`);
    seen.add(topic);
    if (catalog === null || catalog.topics.has(topic)) continue;
    const hint = suggest(topic, [...catalog.topics.keys()]);
    scope.problem(["topics", index], `the catalog has no topic ${topic}`, hint);
  }
}

/** What holds between fields. */
function checkTogether(options: TargetOptions, scope: TargetScope): void {
  const { onDeadLetter, retry = {}, tls, answers = {}, onConflict, request } = options;
  const order = options.order ?? DEFAULTS.order;
  const allowed: readonly string[] = AFTER_DEAD_LETTER[order];
  if (onDeadLetter !== undefined && !allowed.includes(onDeadLetter)) {
    scope.problem(
      ["onDeadLetter"],
      `${onDeadLetter} does not go with order ${order}`,
      `with order ${order}: ${allowed.join(" or ")}`,
    );
  }
  const { baseMs, capMs } = retryOf(retry);
  if (baseMs > capMs) scope.problem(["retry"], "base is longer than cap");
  if (tls !== undefined && /^http:/i.test(request.url)) {
    scope.problem(["tls"], "is for https URLs, and request.url is http");
  }
  if (onConflict !== undefined && Object.hasOwn(answers, "409")) {
    scope.problem(["onConflict"], "answers says what a 409 means as well");
  }
}

function retryOf({
  maxAge,
  base,
  cap,
  maxAttempts,
}: NonNullable<TargetOptions["retry"]>): TargetConfig["retry"] {
  const { retry } = DEFAULTS;
  return {
    maxAgeMs: maxAge ?? retry.maxAgeMs,
    baseMs: base ?? retry.baseMs,
    capMs: cap ?? retry.capMs,
    maxAttempts:
      maxAttempts === undefined ? retry.maxAttempts : { kind: "limited", count: maxAttempts },
  };
}

function breakerOf(options: NonNullable<TargetOptions["breaker"]>): BreakerConfig {
  const { breaker } = DEFAULTS;
  return {
    windowMs: options.window ?? breaker.windowMs,
    errorRatio: options.errorRatio ?? breaker.errorRatio,
    minCalls: options.minCalls ?? breaker.minCalls,
    halfOpenAfterMs: options.halfOpenAfter ?? breaker.halfOpenAfterMs,
  };
}

/** Headers in which APIs, and what stands before them, name a call. */
const REQUEST_ID_HEADERS = ["x-request-id", "x-correlation-id", "x-amzn-requestid", "cf-ray"];

/** What an answer says of an error as a rule fits in. */
const BODY_BYTES_MAX = 2_000;

function journalOf({
  bodies,
  maxBytes,
  requestIdHeader,
}: NonNullable<TargetOptions["journal"]>): JournalConfig {
  const own = requestIdHeader === undefined ? null : [requestIdHeader.toLowerCase()];
  return {
    requestIdHeaders: own ?? REQUEST_ID_HEADERS,
    bodies: bodies ?? "none",
    bodyBytesMax: maxBytes ?? BODY_BYTES_MAX,
  };
}

function tlsOf(options: NonNullable<TargetOptions["tls"]>): TargetConfig["tls"] {
  return {
    ca: options.ca ?? null,
    cert: options.cert ?? null,
    key: options.key ?? null,
    servername: options.servername ?? null,
  };
}

/** The headers, by lower-case name, that others than the mapping set, and who does. */
function headersSet(
  auth: TargetConfig["auth"],
  idempotency: TargetConfig["idempotency"],
): ReadonlyMap<string, string> {
  const headers = new Map([[idempotency.header, "idempotency"]]);
  switch (auth.type) {
    case "bearer":
    case "basic":
      return headers.set("authorization", "auth");
    case "header":
      return headers.set(auth.name, "auth");
    case "token":
      return headers.set(auth.header, "auth");
    case "none":
    case "standard-webhooks":
      return headers;
  }
}
