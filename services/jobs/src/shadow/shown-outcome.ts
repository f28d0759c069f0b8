/** Outcomes for people: what depends on personal data is masked, long texts are cut. Pure. */
import type { PreparedRequest } from "@millrace/engine";
import { MASK, maskedAlike } from "@millrace/schemas";
import { isObject } from "./json-diff.ts";
import { bodyText, bodyValue, type Outcome } from "./outcome.ts";
import { HEADERS_LEFT_OUT } from "./request-diff.ts";

/** An outcome as it is shown; the texts of a request are cut after {@link TEXT_MAX} characters. */
export type ShownOutcome =
  | { readonly outcome: "filtered" }
  | { readonly outcome: "undeliverable"; readonly reason: string; readonly detail: string }
  | {
      readonly outcome: "sent";
      readonly method: string;
      readonly url: string;
      /** Those that are compared. */
      readonly headers: Readonly<Record<string, string>>;
      /** JSON as it is sent unless something in it is masked; null for none. */
      readonly body: string | null;
    };

/** What the same configuration makes of the same record with one and the other stand-in for its personal data. */
export type Probes = readonly [Outcome, Outcome];

/** Characters of a text that are kept. */
export const TEXT_MAX = 4_096;

/**
 * An outcome for people.
 * @param maskText takes the secrets of its configuration out of a text.
 */
export function shownOutcome(
  outcome: Outcome,
  probes: Probes,
  maskText: (text: string) => string,
): ShownOutcome {
  if (outcome.kind === "filtered") return { outcome: "filtered" };
  if (outcome.kind === "undeliverable") {
    const { reason, detail } = outcome;
    return { outcome: "undeliverable", reason, detail: cut(detail) };
  }
  const { method, url, headers, body } = maskedRequest(outcome.request, probes);
  const shown = (text: string): string => cut(maskText(text));
  const shownHeaders = Object.entries(headers).map(
    ([name, value]) => [name, shown(value)] as const,
  );
  return {
    outcome: "sent",
    method,
    url: shown(url),
    headers: Object.fromEntries(shownHeaders),
    body: body === null ? null : shown(body),
  };
}

/** The names of members in the bodies of probes: made of no personal data. */
export function publicNames(probes: readonly Outcome[]): ReadonlySet<string> {
  const names = new Set<string>();
  const collect = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) collect(item);
    else if (isObject(value)) {
      for (const [name, member] of Object.entries(value)) {
        names.add(name);
        collect(member);
      }
    }
  };
  for (const probe of probes) {
    if (probe.kind === "request") collect(bodyValue(bodyText(probe.request)));
  }
  return names;
}

interface TextRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

function maskedRequest(request: PreparedRequest, [one, other]: Probes): TextRequest {
  const own = textRequest(request);
  if (one.kind !== "request" || other.kind !== "request") return allMasked(own);
  const [a, b] = [textRequest(one.request), textRequest(other.request)];
  const headers = Object.entries(own.headers).map(
    ([name, value]) => [name, masked(value, a.headers[name], b.headers[name])] as const,
  );
  return {
    method: masked(own.method, a.method, b.method),
    url: maskedUrl(own.url, a.url, b.url),
    headers: Object.fromEntries(headers),
    body: maskedBody(own.body, a.body, b.body),
  };
}

function textRequest(request: PreparedRequest): TextRequest {
  const { method, url, headers } = request;
  const compared = Object.entries(headers).filter(([name]) => !HEADERS_LEFT_OUT.includes(name));
  return { method, url, headers: Object.fromEntries(compared), body: bodyText(request) };
}

function allMasked({ method, headers, body }: TextRequest): TextRequest {
  const names = Object.keys(headers).map((name) => [name, MASK] as const);
  return {
    method,
    url: MASK,
    headers: Object.fromEntries(names),
    body: body === null ? null : MASK,
  };
}

function masked(value: string, one: string | undefined, other: string | undefined): string {
  return value === one && value === other ? value : MASK;
}

/** Segment by segment, parameter by parameter. */
function maskedUrl(url: string, one: string, other: string): string {
  const [parts, a, b] = [url, one, other].map((text) => text.split(/([/?&=])/u));
  if (parts === undefined || a?.length !== parts.length || b?.length !== parts.length) return MASK;
  return parts.map((part, index) => masked(part, a[index], b[index])).join("");
}

function maskedBody(body: string | null, one: string | null, other: string | null): string | null {
  if (body === null || (body === one && body === other)) return body;
  return JSON.stringify(maskedAlike(bodyValue(body), bodyValue(one), bodyValue(other)));
}

function cut(text: string): string {
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;
}
