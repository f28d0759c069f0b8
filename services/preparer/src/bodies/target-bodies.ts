/**
 * The bodies of one target's attempts as the journal may have them: without secrets, without what the event's schema annotates
 * as personal, and cut.
 *
 * A request's body keeps what comes out alike with one and with another stand-in for everything personal, and holds no personal
 * value. An answer's keeps what holds no personal value, and stands in no member that is named like a personal field, or like one
 * that is masked in the request. Both only as JSON, where the event has anything personal: a text cannot be looked into.
 */
import {
  WITHHELD,
  type AnswerBody,
  type JournalBodies,
  type JournalBody,
  type PreparedEvent,
} from "@millrace/engine";
import { maskedAlike } from "@millrace/schemas";
import { EventPrivacies, type EventPrivacy, type PrivacyOptions } from "./event-privacy.ts";
import { maskedJson, maskedNames, plainName, type HiddenThings } from "./masked-json.ts";
import { PersonalMatcher } from "./personal-matcher.ts";
import { shownBody, withheldBody } from "./shown-body.ts";

/** Bytes of a body that is looked through for personal values: this takes milliseconds at worst. */
export const LOOKED_THROUGH_MAX = 16_384;
/** Characters of a body without personal data that are looked through for secrets. */
const TEXT_MAX = 65_536;

/** How a target's bodies are shown. */
export interface TargetBodiesOptions extends PrivacyOptions {
  readonly attempts: JournalBodies["attempts"];
  readonly bytesMax: number;
  /** Takes the secrets of the configuration out of a text. */
  readonly maskText: (text: string) => string;
}

type Personal = Extract<EventPrivacy, { kind: "personal" }>;

/** See the head of this file. */
export class TargetBodies implements JournalBodies {
  readonly attempts: JournalBodies["attempts"];
  readonly bytesMax: number;
  readonly #privacies: EventPrivacies;
  readonly #maskText: (text: string) => string;

  constructor(options: TargetBodiesOptions) {
    this.attempts = options.attempts;
    this.bytesMax = options.bytesMax;
    this.#privacies = new EventPrivacies(options);
    this.#maskText = options.maskText;
  }

  /** @inheritdoc */
  request(event: PreparedEvent): JournalBody | null {
    const body = event.request?.body ?? null;
    if (body === null || body.length === 0) return null;
    const bytes = Buffer.from(body);
    const text = textOf(bytes);
    if (text === null) return withheldBody(WITHHELD.notText, bytes.length);
    return this.#shown({ event, text, byteCount: bytes.length, of: "request" });
  }

  /** @inheritdoc */
  answer(event: PreparedEvent, { bytes, byteCount }: AnswerBody): JournalBody | null {
    if (byteCount === 0) return null;
    if (bytes === null) return withheldBody(WITHHELD.credentials, byteCount);
    const text = textOf(bytes, bytes.length < byteCount);
    if (text === null) return withheldBody(WITHHELD.notText, byteCount);
    return this.#shown({ event, text, byteCount, of: "answer" });
  }

  #shown({ event, text, byteCount, of }: Body): JournalBody {
    const privacy = this.#privacies.of(event);
    try {
      switch (privacy.kind) {
        case "open":
          return shownBody(this.#withoutSecrets(text), byteCount, this.bytesMax);
        case "unknown":
          return withheldBody(WITHHELD.personal, byteCount);
        case "personal": {
          if (byteCount > LOOKED_THROUGH_MAX) return withheldBody(WITHHELD.tooLong, byteCount);
          const value = jsonOf(text);
          if (value === undefined) return withheldBody(WITHHELD.notJson, byteCount);
          const alike = requestAlike(event, privacy);
          // What the request's members with personal values are called, the answer's may be called too.
          const shown =
            of === "request"
              ? maskedJson(alike, this.#hidden(privacy))
              : maskedJson(value, this.#hidden(privacy, maskedNames(alike)));
          return shownBody(JSON.stringify(shown), byteCount, this.bytesMax);
        }
      }
    } catch {
      // Such as JSON that is nested deeper than the stack.
      return withheldBody(WITHHELD.personal, byteCount);
    }
  }

  #hidden({ texts, names }: Personal, others: ReadonlySet<string> = NONE): HiddenThings {
    return {
      personal: new PersonalMatcher(texts),
      names: new Set([...Array.from(names, plainName), ...others]),
      maskText: this.#maskText,
    };
  }

  /** As it stands where it is no JSON; secrets may be written in JSON in more ways than in a text. */
  #withoutSecrets(whole: string): string {
    const text = whole.slice(0, TEXT_MAX);
    const value = jsonOf(text);
    if (value === undefined) return this.#maskText(text);
    const hidden = { personal: null, names: NONE, maskText: this.#maskText };
    return JSON.stringify(maskedJson(value, hidden));
  }
}

const NONE: ReadonlySet<string> = new Set<string>();

interface Body {
  readonly event: PreparedEvent;
  readonly text: string;
  readonly byteCount: number;
  readonly of: "answer" | "request";
}

/** The request's body without what depends on personal data; undefined where it is no JSON. */
function requestAlike({ request }: PreparedEvent, { probes }: Personal): unknown {
  const body = request?.body ?? null;
  const value = body === null ? undefined : jsonOf(Buffer.from(body).toString());
  const [one, other] = probes.map((probe) => (probe === null ? undefined : jsonOf(probe)));
  return value === undefined ? undefined : maskedAlike(value, one, other);
}

/** Undefined where it is no JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param isCut its last character may be too. Null where it is no UTF-8. */
function textOf(bytes: Uint8Array, isCut = false): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: isCut });
  } catch {
    return null;
  }
}
