import type { IncomingHttpHeaders } from "node:http";
import { Refusal } from "./problem.ts";

/** How a request carries its events. */
export type EventForm = "json" | "structured" | "structured-batch" | "binary";

/** The media types of bodies, as `Accept-Post` lists them. */
export const ACCEPTED_MEDIA_TYPES =
  "application/json, application/cloudevents+json, application/cloudevents-batch+json";

const MIB = 1024 * 1024;

/** Bytes of a body, by form. JSON may hold a batch; a single event in it is held to the single limit once parsed. */
export const BODY_BYTES_MAX: Readonly<Record<EventForm, number>> = {
  json: 5 * MIB,
  "structured-batch": 5 * MIB,
  structured: MIB,
  binary: MIB,
};

/** Bytes of a body that holds a single event. */
export const SINGLE_BYTES_MAX: number = MIB;

/**
 * The form of a request. CloudEvents' own media types go first, as its HTTP binding says; `ce-` headers make any other
 * JSON body the data of one event.
 * @throws Refusal `media-type-unsupported`.
 */
export function eventFormOf(headers: IncomingHttpHeaders): EventForm {
  if (headers["content-encoding"] !== undefined && headers["content-encoding"] !== "identity") {
    throw unsupported("a content-encoding", { "accept-encoding": "identity" });
  }
  const contentType = headers["content-type"];
  if (contentType === undefined) throw unsupported("a request without content-type");
  const { mediaType, charset } = parseMediaType(contentType);
  if (charset !== null && charset !== "utf-8") throw unsupported("a charset other than utf-8");
  if (mediaType === "application/cloudevents+json") return "structured";
  if (mediaType === "application/cloudevents-batch+json") return "structured-batch";
  if (mediaType.startsWith("application/cloudevents")) throw unsupported("this CloudEvents format");
  const hasAttributes = Object.keys(headers).some((name) => name.startsWith("ce-"));
  if (hasAttributes && isJsonMediaType(mediaType)) return "binary";
  if (!hasAttributes && mediaType === "application/json") return "json";
  throw unsupported("this content-type");
}

/** Whether data of a media type is JSON. */
export function isJsonMediaType(mediaType: string): boolean {
  return mediaType === "application/json" || /^[^/;\s]+\/[^/;\s]+\+json$/u.test(mediaType);
}

/** Lower-case media type and charset; empty where there is none that can be read. */
export function parseMediaType(text: string): { mediaType: string; charset: string | null } {
  const [mediaType = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith("charset="));
  return { mediaType, charset: charset?.slice("charset=".length).replaceAll('"', "") ?? null };
}

function unsupported(what: string, headers: Readonly<Record<string, string>> = {}): Refusal {
  return new Refusal("media-type-unsupported", `${what} is not supported`, {
    headers: { "accept-post": ACCEPTED_MEDIA_TYPES, ...headers },
  });
}
