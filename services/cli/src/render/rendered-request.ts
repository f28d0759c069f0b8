import type { AuthConfig, TargetConfig } from "@millrace/config";
import { idempotencyKey } from "@millrace/preparer";
import type { LiveEvent } from "./offline-codec.ts";

/** A call as it would be sent; what only the moment of sending knows stands in angle brackets. */
export interface RenderedRequest {
  readonly target: string;
  /** `filtered`: the target's filter passes the event over, nothing is sent. */
  readonly outcome: "sent" | "filtered";
  readonly method: string | null;
  readonly url: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly mappingRevision: string;
}

const MASK = "***";

/** Renders the call of an event. @throws MillraceError `MAPPING_FAILED`. */
export function renderRequest(target: TargetConfig, { event, topic }: LiveEvent): RenderedRequest {
  const { name, mappingRevision } = target;
  const base = { target: name, mappingRevision };
  const isWanted = target.filter.matchesHeaders(event) && target.filter.matches(event);
  if (!isWanted) {
    return { ...base, outcome: "filtered", method: null, url: null, headers: {}, body: null };
  }
  const { method, url, headers, body } = target.mapping.map(event);
  const { tenant, source, id } = event;
  const key = idempotencyKey({ tenant, target: name, source, id });
  const { header, format } = target.idempotency;
  return {
    ...base,
    outcome: "sent",
    method,
    url,
    headers: {
      ...headers,
      [header]: format === "sf-string" ? `"${key}"` : key,
      "millrace-position": `${topic}/<partition>/<offset>`,
      ...credentials(target.auth, key),
      ...(event.traceparent === null ? {} : { traceparent: "<of the attempt>" }),
      ...("user-agent" in headers ? {} : { "user-agent": "millrace" }),
    },
    body,
  };
}

/** The headers that say who calls, without what makes them secret. */
function credentials(auth: AuthConfig, key: string): Readonly<Record<string, string>> {
  switch (auth.type) {
    case "none":
      return {};
    case "bearer":
      return { authorization: `Bearer ${MASK}` };
    case "basic":
      return { authorization: `Basic ${MASK}` };
    case "header":
      return { [auth.name.toLowerCase()]: MASK };
    case "token":
      return { [auth.header]: `${auth.prefix}${MASK}` };
    case "standard-webhooks":
      return {
        "webhook-id": key,
        "webhook-timestamp": "<of the attempt>",
        "webhook-signature": `v1,${MASK}`,
      };
  }
}
