import { percentEncoded } from "../mapping/percent-encoding.ts";
import { isExpressionText, type Path } from "./source-node.ts";

const MASK = "***";
/** Shorter ones are masked where they are a whole value only: replacing "a" everywhere would hide nothing. */
const LENGTH_MIN = 4;

const SECRET_NAME =
  /secret|token|passw|passphrase|credential|api.?key|private.?key|authorization|cookie/i;
const SECRET_FIELDS: readonly RegExp[] = [
  /^targets\/[^/]+\/auth\/(token|password|value|secrets|headers|body)(\/|$)/,
  /^targets\/[^/]+\/tls\/key$/,
  /^kafka\/(sasl\/password|ssl\/key)$/,
  /^registry\/auth\/password$/,
];

/** Whether a field holds a secret by its nature, however it is written; an expression is none. */
export function isSecretField(path: Path, written: string): boolean {
  const text = path.join("/");
  if (SECRET_FIELDS.some((pattern) => pattern.test(text))) return true;
  const [root, , section, part, name] = path;
  const isHeader = root === "targets" && section === "request" && part === "headers";
  return isHeader && SECRET_NAME.test(String(name)) && !isExpressionText(written);
}

/** Whether an environment variable's name says that it holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) || /(^|_)KEY$/i.test(name);
}

/** The secret values of one configuration, kept where nothing that prints objects looks. They are replaced wherever they turn up, whole or inside other text. */
export class Secrets {
  readonly #values = new Set<string>();

  add(value: string): void {
    if (value !== "") this.#values.add(value);
  }

  /** The text with every secret in it masked. */
  maskText(text: string): string {
    if (this.#values.has(text)) return MASK;
    let masked = text;
    // Longest first: a secret may be part of another.
    for (const value of [...this.#values].sort((a, b) => b.length - a.length)) {
      if (value.length < LENGTH_MIN) continue;
      for (const form of formsOf(value)) masked = masked.replaceAll(form, MASK);
    }
    return masked;
  }

  /** A plain copy of a value with every secret masked: maps become objects, functions are left out. */
  mask(value: unknown): unknown {
    if (typeof value === "string") return this.maskText(value);
    if (typeof value === "function") return undefined;
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map((item) => this.mask(item));
    const entries: Iterable<readonly [unknown, unknown]> =
      value instanceof Map ? value : Object.entries(value);
    const masked = Array.from(entries, ([key, item]) => [String(key), this.mask(item)] as const);
    return Object.fromEntries(masked.filter(([, item]) => item !== undefined));
  }
}

/** A secret as it stands in plain text, in JSON, in a URL of ours and in one of others. */
function formsOf(value: string): readonly string[] {
  const text = value.toWellFormed();
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    percentEncoded(text),
    encodeURIComponent(text),
  ];
}
