import { Bag, MillraceError } from "@millrace/engine";
import type {
  AbandonAttempt,
  AnswerBody,
  AttemptListener,
  AttemptRequest,
  AttemptResult,
  AttemptSender,
} from "@millrace/engine";
import { AddressGuard } from "./address-guard.ts";
import { checkOverrides, classify } from "./answers.ts";
import { Attempt } from "./attempt.ts";
import { Connections } from "./connections.ts";
import { Connector } from "./connector.ts";
import { credentialTexts } from "./credentials.ts";
import { Deadlines } from "./deadlines.ts";
import { repeatsAny } from "./echo.ts";
import { Exchange } from "./exchange.ts";
import type { ExchangeEnd, ExchangeOptions } from "./exchange.ts";
import { failure } from "./failure.ts";
import type { HttpTargetOptions } from "./options.ts";
import { RequestWriter } from "./request-writer.ts";
import { parseRetryAfter } from "./retry-after.ts";
import { TokenSource } from "./token-source.ts";

const RESPONSE_BYTES_MAX = 65_536;
/** Status line and headers of a response, bytes. */
const HEADERS_BYTES_MAX = 16_384;

/**
 * Opens the HTTP side of one target; connections are made when the first attempt needs one.
 * @throws MillraceError `CONFIG_INVALID` for options that no request could be sent with.
 */
export function createAttemptSender(options: HttpTargetOptions): AttemptSender {
  return new HttpAttemptSender(options);
}

type Answered = Extract<ExchangeEnd, { kind: "answered" }>;

/**
 * Sends a target's attempts over its own bounded set of HTTP/1.1 connections.
 *
 * Invariants: A1 an attempt settles once, by its answer, its failure, its deadline or its abandonment, whichever is
 * first. A2 a connection has one exchange at a time; the attempts beyond wait here, where a deadline can take them out, so a
 * dead host piles nothing up. A3 what is open is in `#open`, and `close` settles all of it.
 */
class HttpAttemptSender implements AttemptSender {
  readonly #options: HttpTargetOptions;
  readonly #exchangeOptions: ExchangeOptions;
  readonly #credentials: readonly string[];
  readonly #writer: RequestWriter;
  readonly #connector: Connector;
  readonly #connections: Connections;
  readonly #tokens: TokenSource | null;
  readonly #open = new Bag<Attempt>();
  readonly #deadlines: Deadlines;
  /** In order. No Set: see `Bag`. */
  readonly #waiting: Attempt[] = [];
  #closing: Promise<void> | null = null;
  #lastFault = "";

  constructor(options: HttpTargetOptions) {
    checkOverrides(options);
    const { auth, clock, connections, network } = options;
    if (!Number.isSafeInteger(connections) || connections < 1) {
      throw new MillraceError("CONFIG_INVALID", `not 1 or more: connections (${connections})`);
    }
    this.#options = options;
    this.#exchangeOptions = {
      bodyBytesMax: options.responseBytesMax ?? RESPONSE_BYTES_MAX,
      // A list of its own: V8 goes through a frozen one, as a configuration's is, several times as slowly.
      requestIdHeaders: [...(options.requestIdHeaders ?? [])],
      bodies: options.answerBodies ?? "discarded",
    };
    this.#credentials = credentialTexts(auth);
    this.#writer = new RequestWriter(options);
    this.#connector = new Connector({ ...options, guard: new AddressGuard(network) });
    this.#tokens = auth.type === "token" ? new TokenSource(auth, this.#connector, clock) : null;
    this.#deadlines = new Deadlines(clock, {
      open: this.#open,
      onDue: (attempt) => this.#giveUp(attempt, timedOut(attempt)),
    });
    this.#connections = new Connections(
      { origin: this.#writer.origin, countMax: connections },
      {
        connect: this.#connector.connect,
        allowH2: false,
        maxHeaderSize: HEADERS_BYTES_MAX,
        // The attempt's own deadline covers the whole exchange; these would only time its silences.
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      { clock, onFree: () => this.#dispatchNext() },
    );
  }

  send(request: AttemptRequest, onResult: AttemptListener): AbandonAttempt {
    const deadlineAt = this.#options.clock.now() + request.timeoutMs;
    const attempt = new Attempt(request, deadlineAt, onResult);
    const abandon = (): void =>
      this.#giveUp(attempt, { kind: "abandoned", ambiguous: attempt.isSent });
    this.#open.add(attempt);
    if (this.#closing !== null) {
      abandon();
      return abandon;
    }
    this.#deadlines.watch(attempt);
    this.#begin(attempt);
    return abandon;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const attempt of this.#open) {
      this.#giveUp(attempt, { kind: "abandoned", ambiguous: attempt.isSent });
    }
    this.#deadlines.close();
    this.#connector.close();
    await Promise.all([this.#connections.destroy(), this.#tokens?.close()]);
  }

  #begin(attempt: Attempt): void {
    if (this.#tokens === null || this.#tokens.current !== null) this.#enter(attempt);
    else void this.#beginWithToken(attempt, this.#tokens);
  }

  async #beginWithToken(attempt: Attempt, tokens: TokenSource): Promise<void> {
    const fault = await tokens.fetch();
    if (attempt.isSettled) return;
    if (fault === null) this.#enter(attempt);
    else this.#settle(attempt, fault);
  }

  #enter(attempt: Attempt): void {
    if (this.#connections.hasFree) this.#dispatch(attempt);
    else this.#waiting.push(attempt);
  }

  #dispatch(attempt: Attempt): void {
    attempt.token = this.#tokens?.current ?? null;
    const facts = { wallNowMs: this.#options.clock.wallNow(), token: attempt.token };
    const written = this.#writer.write(attempt.request, facts);
    if (written.kind === "refused") {
      const { detail } = written;
      this.#settle(attempt, { kind: "undeliverable", reason: "MAPPING_FAILED", detail });
      return;
    }
    const client = this.#connections.take();
    const exchange = new Exchange(this.#exchangeOptions, (end) => {
      this.#connections.letGo(client, exchange.isBroken);
      this.#ended(attempt, end);
    });
    attempt.exchange = exchange;
    client.dispatch(written, exchange);
  }

  #ended(attempt: Attempt, end: ExchangeEnd): void {
    if (attempt.isSettled) return;
    attempt.exchange = null;
    if (end.kind === "failed") this.#settle(attempt, failure(end));
    else if (end.status === 401 && this.#renewToken(attempt)) this.#begin(attempt);
    else this.#settle(attempt, this.#classify(end), this.#bodyOf(attempt, end));
  }

  #dispatchNext(): void {
    while (this.#connections.hasFree) {
      const attempt = this.#waiting.shift();
      if (attempt === undefined) return;
      this.#begin(attempt);
    }
  }

  /** Once an attempt: a second refusal is the target's configuration. */
  #renewToken(attempt: Attempt): boolean {
    if (this.#tokens === null || attempt.hasRenewedToken) return false;
    attempt.hasRenewedToken = true;
    this.#tokens.drop(attempt.token);
    return true;
  }

  #classify({ status, retryAfter, location, requestId }: Answered): AttemptResult {
    const retryAfterMs =
      retryAfter === null ? null : parseRetryAfter(retryAfter, this.#options.clock.wallNow());
    return named(classify({ status, retryAfterMs, location }, this.#options), requestId);
  }

  #giveUp(attempt: Attempt, result: AttemptResult): void {
    if (attempt.isSettled) return;
    const place = this.#waiting.indexOf(attempt);
    if (place !== -1) this.#waiting.splice(place, 1);
    this.#settle(attempt, result);
    attempt.exchange?.callOff();
  }

  #bodyOf({ token }: Attempt, { body }: Answered): AnswerBody | undefined {
    if (body === null) return undefined;
    const secrets = token === null ? this.#credentials : [...this.#credentials, token];
    return repeatsAny(body.bytes, secrets) ? { ...body, bytes: null } : body;
  }

  #settle(attempt: Attempt, result: AttemptResult, body?: AnswerBody): void {
    this.#open.delete(attempt);
    this.#noteFault(result);
    attempt.settle(result, body);
  }

  /** Says once, not for each attempt, what is wrong with the target's configuration. */
  #noteFault(result: AttemptResult): void {
    if (result.kind === "delivered") this.#lastFault = "";
    if (result.kind !== "misconfigured" || result.detail === this.#lastFault) return;
    this.#lastFault = result.detail;
    const { reason, detail } = result;
    const { target, telemetry } = this.#options;
    telemetry.log("warn", "target cannot be called as configured", { target, reason, detail });
  }
}

/** The answer is owed whole by the deadline: headers whose body drips past it are no answer. */
function timedOut(attempt: Attempt): AttemptResult {
  const status = attempt.exchange?.status ?? null;
  const result = { kind: "retry", reason: "TIMEOUT", status, retryAfterMs: null } as const;
  return named({ ...result, ambiguous: attempt.isSent }, attempt.exchange?.requestId ?? null);
}

function named(result: AttemptResult, requestId: string | null): AttemptResult {
  return requestId === null ? result : { ...result, requestId };
}
