/**
 * URL templates. What fills a placeholder is percent-encoded, so that it can never leave its place: no value changes the
 * origin, adds a path segment or starts a query. The template itself must be in normal form, so that no part of the way
 * to the socket has anything left to rewrite. Source: WHATWG URL, https://url.spec.whatwg.org/.
 */
import { MappingFailure } from "../cel/mapping-failure.ts";
import { percentEncoded } from "./percent-encoding.ts";

const URL_LENGTH_MAX = 8_192;

type Part =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "placeholder"; readonly name: string };

/** A checked template. */
export interface UrlTemplate {
  /** Origin and path before the first placeholder. */
  readonly prefix: string;
  /** The placeholders' names, each once. */
  readonly names: readonly string[];
  /**
   * The URL, its placeholders filled.
   * @throws MappingFailure when a path segment comes out empty, `.` or `..`.
   */
  fill(values: ReadonlyMap<string, string>): string;
}

/** Reads a template, or says what is wrong with it. */
export function parseUrlTemplate(
  text: string,
): { readonly template: UrlTemplate } | { readonly problem: string } {
  const match = /^https?:\/\/([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/is.exec(text);
  if (match === null) return { problem: "must be an absolute http or https URL" };
  const [, authority = "", path = "", query = "", fragment] = match;
  const problem = partsProblem({ authority, path, query, fragment });
  if (problem !== null) return { problem };
  const sample = URL.parse(withSamples(text));
  if (sample === null) return { problem: "is no valid URL" };
  const samplePath = withSamples(path === "" ? "/" : path);
  if (sample.pathname !== samplePath || sample.search !== withSamples(query)) {
    return {
      problem: `is not in normal form: a URL parser makes ${sample.pathname}${sample.search} of it`,
    };
  }
  return { template: templateOf(sample.origin, path === "" ? "/" : path, query) };
}

const PLACEHOLDER = /\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

const withSamples = (text: string): string => text.replace(PLACEHOLDER, "p");

interface UrlParts {
  readonly authority: string;
  readonly path: string;
  readonly query: string;
  readonly fragment: string | undefined;
}

function partsProblem({ authority, path, query, fragment }: UrlParts): string | null {
  if (/[{}]/.test(authority)) return "placeholders stand in path and query only";
  if (authority.includes("@")) return "user and password belong in auth, not in the URL";
  if (fragment !== undefined) return "a fragment (#) is never sent";
  if (/[{}]/.test(`${path}${query}`.replace(PLACEHOLDER, ""))) {
    return "a placeholder is {name}: letters, digits and _";
  }
  if (path.includes("//")) return "has an empty path segment";
  // Half an escape in the template could be completed by a value.
  const literals = `${path}${query}`.split(PLACEHOLDER).filter((_, index) => index % 2 === 0);
  const isWhole = literals.every((literal) => /^([^%]|%[0-9A-Fa-f]{2})*$/.test(literal));
  return isWhole ? null : "has a % that is no percent-encoding (write %25)";
}

function templateOf(origin: string, path: string, query: string): UrlTemplate {
  const segments = path.slice(1).split("/").map(partsOf);
  const search = partsOf(query);
  const names = [...segments.flat(), ...search].flatMap((part) =>
    part.kind === "placeholder" ? [part.name] : [],
  );
  const start = path.search(PLACEHOLDER);
  const whole = `${origin}${path}${query}`;
  const fixed = names.length === 0 && whole.length <= URL_LENGTH_MAX ? whole : null;
  return {
    prefix: `${origin}${start < 0 ? path : path.slice(0, start)}`,
    names: [...new Set(names)],
    fill: (values) => {
      if (fixed !== null) return fixed;
      let url = origin;
      for (const segment of segments) url += `/${fillSegment(segment, values)}`;
      url += fillParts(search, values);
      if (url.length <= URL_LENGTH_MAX) return url;
      throw new MappingFailure(`the URL is longer than ${URL_LENGTH_MAX} characters`);
    },
  };
}

function partsOf(text: string): readonly Part[] {
  return text
    .split(PLACEHOLDER)
    .map((part, index): Part =>
      index % 2 === 0 ? { kind: "literal", text: part } : { kind: "placeholder", name: part },
    )
    .filter((part) => part.kind === "placeholder" || part.text !== "");
}

function fillSegment(parts: readonly Part[], values: ReadonlyMap<string, string>): string {
  const text = fillParts(parts, values);
  const isFixed = parts.every(({ kind }) => kind === "literal");
  if (isFixed || (text !== "" && text !== "." && text !== "..")) return text;
  throw new MappingFailure("a path segment of the URL is empty, . or ..");
}

function fillParts(parts: readonly Part[], values: ReadonlyMap<string, string>): string {
  let text = "";
  for (const part of parts) {
    text += part.kind === "literal" ? part.text : encode(values.get(part.name) ?? "");
  }
  return text;
}

function encode(value: string): string {
  if (!value.isWellFormed()) throw new MappingFailure("a URL value is no valid Unicode");
  return percentEncoded(value);
}
