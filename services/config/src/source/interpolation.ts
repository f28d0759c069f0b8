import { dirname, isAbsolute, join } from "node:path";
import { percentEncoded } from "../mapping/percent-encoding.ts";
import { codeOf, type ConfigFiles } from "./config-files.ts";
import { isSecretField, isSecretName, type Secrets } from "./secrets.ts";
import type { Path } from "./source-node.ts";

/** What references are resolved against. */
export interface ReferenceSource {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly files: ConfigFiles;
  readonly secrets: Secrets;
  /** Whether files are left unread and missing secrets get a placeholder, so that a configuration can be checked elsewhere. */
  readonly isOffline: boolean;
  /** Whether what stands at a path is used; references elsewhere are left as they are written. */
  readonly isUsed: (path: Path) => boolean;
}

/** Where a string stands. */
export interface StringPlace {
  /** The file the string stands in: paths are relative to it. */
  readonly file: string;
  readonly path: Path;
}

const REFERENCE = /\$(\$\{)|\$\{([^}]*)\}/g;

/** Whether a string holds a reference. */
export function hasReference(written: string): boolean {
  return [...written.matchAll(REFERENCE)].some(([, escaped]) => escaped === undefined);
}

/** A string filled in. */
export interface Interpolated {
  readonly value: string;
  /** The value, but for secrets, whose references stand as written. */
  readonly shown: string;
  readonly problems: readonly string[];
}

/**
 * Fills `${env:NAME}`, `${env:NAME:-default}` and `${file:path}` in a string; `$${` stands for `${`. A file's last
 * line end is dropped. What is filled in is not looked at again. Secret values are told to `source.secrets`.
 */
export async function interpolate(
  text: string,
  place: StringPlace,
  source: ReferenceSource,
): Promise<Interpolated> {
  const problems: string[] = [];
  const isSecret = isSecretField(place.path, text);
  if (!source.isUsed(place.path)) return { value: text, shown: isSecret ? "***" : text, problems };
  let value = "";
  let shown = "";
  let end = 0;
  for (const match of text.matchAll(REFERENCE)) {
    const [written, escaped, reference = ""] = match;
    const filled =
      escaped === undefined
        ? await fillReference(
            { reference, isFirst: match.index === 0, isSecret, ...place },
            problems,
            source,
          )
        : { value: escaped, isSecret: false };
    const before = text.slice(end, match.index);
    end = match.index + written.length;
    value += before + filled.value;
    shown += before + (filled.isSecret ? written : filled.value);
  }
  value += text.slice(end);
  shown += text.slice(end);
  if (!isSecret) return { value, shown, problems };
  source.secrets.add(value);
  return { value, shown: "***", problems };
}

interface ReferencePlace extends StringPlace {
  readonly reference: string;
  /** Whether the string begins with it. */
  readonly isFirst: boolean;
  /** Whether the field holds a secret. */
  readonly isSecret: boolean;
}

async function fillReference(
  place: ReferencePlace,
  problems: string[],
  source: ReferenceSource,
): Promise<{ readonly value: string; readonly isSecret: boolean }> {
  const resolved = await resolveReference(place.reference, place.file, source);
  const { isSecret } = resolved;
  if (resolved.kind === "value") {
    if (isSecret) source.secrets.add(resolved.value);
    return { value: resolved.value, isSecret };
  }
  const mayWait = source.isOffline && (place.isSecret || isSecret);
  if (!mayWait) problems.push(resolved.message);
  return { value: placeholderOf(place), isSecret };
}

/** What stands for a value that is not at hand; in a URL it must not make it another kind of thing. */
function placeholderOf({ reference, isFirst, path }: ReferencePlace): string {
  if (path.at(-1) !== "url") return `<${reference}>`;
  return isFirst ? "https://masked.invalid" : percentEncoded(`<${reference}>`.toWellFormed());
}

type Resolved =
  | { readonly kind: "value"; readonly value: string; readonly isSecret: boolean }
  | { readonly kind: "problem"; readonly message: string; readonly isSecret: boolean };

async function resolveReference(
  reference: string,
  file: string,
  source: ReferenceSource,
): Promise<Resolved> {
  const [, kind, rest] = /^(env|file):(.*)$/s.exec(reference) ?? [];
  if (kind === "env" && rest !== undefined) return fromEnvironment(rest, source);
  if (kind === "file" && rest !== undefined && rest !== "")
    return await fromFile(rest, file, source);
  return problem(
    `unknown reference \${${reference}}: write \${env:NAME}, \${env:NAME:-default} or \${file:path}`,
    false,
  );
}

function fromEnvironment(text: string, { env }: ReferenceSource): Resolved {
  const [, name, fallback] = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(text) ?? [];
  if (name === undefined) return problem(`\${env:${text}} names no environment variable`, false);
  const isSecret = isSecretName(name);
  const value = env[name];
  // Like a shell's ":-", the default also stands in for an empty value.
  if (value !== undefined && value !== "") return { kind: "value", value, isSecret };
  if (fallback !== undefined) return { kind: "value", value: fallback, isSecret: false };
  if (value !== undefined) return { kind: "value", value, isSecret };
  return problem(`environment variable ${name} is not set`, isSecret);
}

async function fromFile(
  path: string,
  from: string,
  { files, isOffline }: ReferenceSource,
): Promise<Resolved> {
  if (isOffline) return problem(`file ${path} is not read`, true);
  try {
    const text = await files.read(isAbsolute(path) ? path : join(dirname(from), path));
    return { kind: "value", value: text.replace(/\r?\n$/, ""), isSecret: true };
  } catch (error) {
    return problem(`file ${path} cannot be read (${codeOf(error)})`, true);
  }
}

function problem(message: string, isSecret: boolean): Resolved {
  return { kind: "problem", message, isSecret };
}
