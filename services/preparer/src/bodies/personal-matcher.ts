/**
 * Whether a text holds a personal value of an event: whole, in another case, with other accents or blanks, escaped as JSON, URLs
 * and HTML escape, in base64 or hex; or one of its words. What an API makes of a value otherwise, nobody can know.
 */
import { Buffer } from "node:buffer";

/** A shorter value counts only where it stands as a word: a letter is in every text. */
const ANYWHERE_LENGTH_MIN = 4;
/** Words of a value that count by themselves, and a text that counts as a part of a value, have this many characters. */
const PART_LENGTH_MIN = 3;
/** Words of one value that are looked for. */
const WORDS_MAX = 20;
/** Numbers of phones and cards are written with all kinds of separators; shorter ones are not looked for so. */
const DIGITS_MIN = 6;

/** See the head of this file. */
export class PersonalMatcher {
  readonly #values: readonly string[];
  readonly #numbers: ReadonlySet<number>;
  /** Folded; found wherever they stand. */
  readonly #anywhere = new Set<string>();
  /** Folded; found as words. */
  readonly #words = new Set<string>();
  readonly #digits = new Set<string>();

  /** @param texts the personal values. */
  constructor(texts: Iterable<string>) {
    const all = [...texts].filter((text) => text.trim() !== "");
    this.#values = all.map(folded).filter((value) => value !== "");
    this.#numbers = new Set(all.map(Number).filter((value) => Number.isFinite(value)));
    for (const value of this.#values) this.#add(value);
    for (const text of all) this.#addEncoded(text);
  }

  /** Whether a text holds a personal value. */
  isIn(text: string): boolean {
    return formsOf(text).some((form) => this.#isInFolded(folded(form)));
  }

  /** Whether a number is one. One that JSON cannot hold exactly may be any. */
  isNumber(value: number): boolean {
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) return true;
    return this.#numbers.has(value) || this.isIn(String(value));
  }

  #add(value: string): void {
    if (value.length >= ANYWHERE_LENGTH_MIN) this.#anywhere.add(value);
    else this.#words.add(value);
    const words = value.split(/[^\p{L}\p{N}.+_-]+/u).filter((w) => w.length >= PART_LENGTH_MIN);
    for (const word of words.slice(0, WORDS_MAX)) this.#words.add(word);
    const digits = digitsOf(value);
    if (digits.length >= DIGITS_MIN) this.#digits.add(digits);
  }

  #addEncoded(text: string): void {
    if (text.length < ANYWHERE_LENGTH_MIN) return;
    const bytes = Buffer.from(text);
    for (const form of ["base64", "base64url", "hex"] as const) {
      this.#anywhere.add(folded(bytes.toString(form).replace(/=+$/u, "")));
    }
  }

  #isInFolded(text: string): boolean {
    for (const value of this.#anywhere) if (text.includes(value)) return true;
    for (const word of this.#words) if (hasWord(text, word)) return true;
    if (text.length >= PART_LENGTH_MIN && this.#values.some((value) => value.includes(text))) {
      return true;
    }
    if (this.#digits.size === 0) return false;
    const digits = digitsOf(text);
    return [...this.#digits].some((value) => digits.includes(value));
  }
}

/** Case, accents and blanks do not count. */
function folded(text: string): string {
  const plain = text.normalize("NFKD").replaceAll(/\p{M}/gu, "");
  return plain.toLowerCase().replaceAll(/\s+/gu, " ").trim();
}

function digitsOf(text: string): string {
  return text.replaceAll(/\D/gu, "");
}

const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;

function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) {
    const [before = "", after = ""] = [text[at - 1], text[at + word.length]];
    if (!LETTER_OR_DIGIT.test(before) && !LETTER_OR_DIGIT.test(after)) return true;
  }
  return false;
}

/** A text, and what it says where it is escaped. */
function formsOf(text: string): readonly string[] {
  const forms = [text];
  if (text.includes("\\")) forms.push(unescaped(text));
  if (/[%+]/u.test(text)) forms.push(percentDecoded(text));
  if (text.includes("&")) forms.push(withoutEntities(text));
  return forms;
}

function unescaped(text: string): string {
  return text
    .replaceAll(/\\u([\da-f]{4})/giu, (_, code: string) => String.fromCharCode(parseInt(code, 16)))
    .replaceAll(/\\(.)/gu, "$1");
}

function percentDecoded(text: string): string {
  return text.replaceAll("+", " ").replaceAll(/(?:%[\da-f]{2})+/giu, (run) => {
    return Buffer.from(run.replaceAll("%", ""), "hex").toString();
  });
}

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", commat: "@", nbsp: " ", period: "." },
};

function withoutEntities(text: string): string {
  return text.replaceAll(/&(#x[\da-f]+|#\d+|[a-z]+);/giu, (whole, name: string) => {
    if (!name.startsWith("#")) return ENTITIES[name] ?? whole;
    const code = /^#x/iu.test(name) ? parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code <= 0x10_ffff ? String.fromCodePoint(code) : whole;
  });
}
