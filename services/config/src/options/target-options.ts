import { JOURNAL_BODY_BYTES_MAX } from "@millrace/engine";
import { z } from "zod";
import { METHODS } from "../mapping/methods.ts";
import { authOptions } from "./auth-options.ts";
import { targetTls } from "./certificates.ts";
import { duration, numeric, rate, size, startAt } from "./scalars.ts";
import { section } from "./section.ts";

const SECOND = 1_000;
const DAY = 86_400 * SECOND;
/** A rebalance waits for open attempts this long at most. */
const TIMEOUT_MAX_MS = 45 * SECOND;

const scalar = z.union([z.string(), z.number(), z.boolean()], {
  error: () => "must be text, a number, or an expression that begins with =",
});

const request = section({
  method: z.enum(METHODS).optional().describe("Default: POST."),
  url: z
    .string()
    .describe("Absolute; {name} in path or query is filled from params, percent-encoded."),
  params: z
    .record(z.string(), scalar)
    .optional()
    .describe('What the placeholders are filled with. A text that begins with "=" is CEL.'),
  headers: z
    .record(z.string(), scalar)
    .optional()
    .describe('Sent with every call. A text that begins with "=" is CEL, "==" a literal "=".'),
  body: z
    .unknown()
    .optional()
    .describe(
      'Sent as JSON; texts in it that begin with "=" are CEL. null: no body. Default: event.data with POST, PUT and PATCH.',
    ),
  timeout: duration({
    minMs: 1,
    maxMs: TIMEOUT_MAX_MS,
    why: "a rebalance waits for open attempts, and a longer wait would lose the membership",
  })
    .optional()
    .describe(
      "Total deadline of an attempt, up to the end of the answer; at most 45s. Default: 10s.",
    ),
});

const network = z
  .union([z.enum(["internal", "public"]), z.array(z.string()).min(1)], {
    error: () => "must be internal, public or a list of CIDR ranges",
  })
  .describe(
    "Where the target may be: internal (public, private and loopback; never link-local or metadata), public, or CIDRs. Default: internal.",
  );

const answers = z
  .record(
    z.string().regex(/^([245]xx|[245]\d\d)$/, {
      error: () => "must be a status or class of 2xx, 4xx or 5xx, such as 404 or 5xx",
    }),
    z.enum(["delivered", "retry", "dead-letter"]),
  )
  .describe("What an answer means where the default does not fit.");

const retry = section({
  maxAge: duration({ minMs: SECOND, maxMs: 30 * DAY })
    .optional()
    .describe("Given up this long after the first failure. Default: 24h."),
  maxAttempts: numeric("whole", { min: 1, max: 1_000_000 })
    .optional()
    .describe("Default: no limit."),
  base: duration({ minMs: 1, maxMs: 3_600 * SECOND })
    .optional()
    .describe("Bound of the first wait. Default: 500ms."),
  cap: duration({ minMs: 1, maxMs: DAY }).optional().describe("Bound of every wait. Default: 5m."),
});

const breaker = section({
  window: duration({ minMs: SECOND, maxMs: 3_600 * SECOND })
    .optional()
    .describe("How long a call counts. Default: 30s."),
  errorRatio: numeric("any", { min: 0.01, max: 1 })
    .optional()
    .describe("Part of the calls that must fail for the target to be left alone. Default: 0.5."),
  minCalls: numeric("whole", { min: 1, max: 100_000 })
    .optional()
    .describe("Fewer calls in the window say nothing. Default: 20."),
  halfOpenAfter: duration({
    minMs: SECOND,
    maxMs: 3_600 * SECOND,
    why: "a target that is down is asked once a second at most",
  })
    .optional()
    .describe("How long it is left alone before each call that tries. At least 1s. Default: 10s."),
});

const input = section({
  envelope: z
    .enum(["require", "derive"])
    .optional()
    .describe(
      "Records without ce_ headers: dead-letter them, or derive an envelope. Default: require.",
    ),
  tombstones: z
    .enum(["skip", "deliver"])
    .optional()
    .describe("Records without a value: skip, or deliver with event.data == null. Default: skip."),
});

const idempotency = section({
  header: z.string().optional().describe("Default: Idempotency-Key."),
  format: z
    .enum(["bare", "sf-string"])
    .optional()
    .describe("sf-string puts it in quotes. Default: bare."),
  window: duration({ minMs: SECOND, maxMs: 3_650 * DAY })
    .optional()
    .describe(
      "How long the target knows a key that it has seen. Default: not declared; a replay cannot warn then.",
    ),
});

/** The name of a header, as RFC 9110 has tokens. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Headers that prove who calls, or may. */
const CREDENTIAL_NAME = /cookie|authenticat|authorization|token|secret|api.?key/i;

const journal = section({
  bodies: z
    .enum(["none", "failures", "all"])
    .optional()
    .describe(
      "Whose request and answer bodies the journal shows, without personal data and secrets: of no attempt, of those that failed, or of all. Default: none.",
    ),
  maxBytes: size({ minBytes: 64, maxBytes: JOURNAL_BODY_BYTES_MAX })
    .optional()
    .describe("What a body is cut to, such as 2kB; at most 16KiB. Default: 2kB."),
  requestIdHeader: z
    .string()
    .regex(HEADER_NAME, { error: () => "must be the name of a header" })
    .refine((name) => !CREDENTIAL_NAME.test(name), {
      error: () => "must not hold credentials: the journal shows it",
    })
    .optional()
    .describe(
      "Header of an answer by which the target's own logs know the call. Default: the first there is of x-request-id, x-correlation-id, x-amzn-requestid, cf-ray.",
    ),
});

/** One target of the file. */
export const targetOptions = section({
  topics: z
    .array(z.string().min(1))
    .min(1, { error: () => "must name at least one topic" })
    .describe("Topics of the catalog. What must be ordered together belongs in one topic."),
  startAt: startAt().describe(
    "Where a new target begins: earliest, latest or a time. Resolved once.",
  ),
  filter: z
    .string()
    .optional()
    .describe("CEL, without =. Events for which it is false are skipped."),
  module: z
    .string()
    .min(1)
    .optional()
    .describe(
      "A .ts or .js file that maps in code (defineTarget), in place of params, headers and body.",
    ),
  request,
  auth: authOptions.optional().describe("How the target knows us. Default: none."),
  tls: targetTls.optional(),
  network: network.optional(),
  order: z
    .enum(["key", "partition", "none"])
    .optional()
    .describe("What is delivered one after the other. Default: key."),
  concurrency: section({ max: numeric("whole", { min: 1, max: 10_000 }).optional() })
    .optional()
    .describe("Attempts in flight at most, over all processes. Default: 64."),
  rate: rate().optional().describe("Attempts at most, such as 200/s. Default: no limit."),
  retry: retry.optional(),
  breaker: breaker.optional(),
  onDeadLetter: z
    .enum(["quarantine", "block", "skip"])
    .optional()
    .describe(
      "After a dead letter: park the key's later events, stop, or go on. Default: quarantine with order key, block with partition, skip with none.",
    ),
  keepSetAside: duration({ minMs: SECOND, maxMs: 3_650 * DAY })
    .optional()
    .describe(
      "How long dead letters and parked events are kept at least, from when they were written; those that are still open, and what stands behind them, are kept longer. Default: 1d.",
    ),
  input: input.optional(),
  idempotency: idempotency.optional(),
  onConflict: z
    .enum(["duplicate-ok", "retry"])
    .optional()
    .describe("What a 409 means. Default: retry (the first call is still at work)."),
  answers: answers.optional(),
  journal: journal.optional(),
});

/** A target's options, checked. */
export type TargetOptions = z.output<typeof targetOptions>;
