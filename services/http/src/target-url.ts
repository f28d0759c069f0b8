import { MillraceError } from "@millrace/engine";

/** Scheme and authority without userinfo, then the literal start of path and query. */
const PREFIX = /^(https?:\/\/[^/?#\\@\s]+)([^#\\\s]*)$/i;
/** What HTTP clients or servers may read as another place: controls, blanks, `#`, `\`, and all beyond ASCII. */
const UNSAFE = /[^\x21\x22\x24-\x5b\x5d-\x7e]/;
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i;

/**
 * The place that a target's calls may go to. Undici writes paths as they are, without the
 * normalisation of a browser, so a path that another party might resolve elsewhere is refused here.
 */
export class TargetUrl {
  /** Scheme, host and port, canonical. */
  readonly origin: string;
  readonly #authority: string;
  readonly #pathPrefix: string;
  /** The last URL and its path: of most targets all calls go to one place. */
  #last: { readonly url: string; readonly path: string | null } = { url: "", path: null };

  /** @throws MillraceError `CONFIG_INVALID` unless it is an http(s) origin and path, without userinfo or fragment. */
  constructor(prefix: string) {
    const [, authority = "", pathPrefix = ""] = PREFIX.exec(prefix) ?? [];
    if (authority === "" || !URL.canParse(authority)) {
      throw new MillraceError("CONFIG_INVALID", "no http(s) origin and path: the target's url");
    }
    this.origin = new URL(authority).origin;
    this.#authority = authority;
    this.#pathPrefix = pathPrefix;
    // What a placeholder puts in is judged with each URL; here, that any URL can do.
    if (this.pathOf(`${prefix}x`) === null && this.pathOf(`${prefix}/x`) === null) {
      throw new MillraceError("CONFIG_INVALID", "no plain path: the target's url");
    }
  }

  /** Path and query of a URL, as they go on the wire; null when it is not a plain URL below the prefix. */
  pathOf(url: string): string | null {
    if (url !== this.#last.url) this.#last = { url, path: this.#judge(url) };
    return this.#last.path;
  }

  #judge(url: string): string | null {
    if (!url.startsWith(this.#authority)) return null;
    const rest = url.slice(this.#authority.length);
    const path = rest.startsWith("/") ? rest : `/${rest}`;
    if (rest !== "" && rest[0] !== "/" && rest[0] !== "?") return null;
    if (!rest.startsWith(this.#pathPrefix) || UNSAFE.test(rest)) return null;
    const query = path.indexOf("?");
    const segments = query === -1 ? path : path.slice(0, query);
    return segments.includes("//") || DOT_SEGMENT.test(segments) ? null : path;
  }
}
