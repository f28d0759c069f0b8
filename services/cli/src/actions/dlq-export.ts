import type { RecordHeaders, SourceRecord } from "@millrace/engine";
import type { CommandContext } from "../context.ts";
import type { LetterFlags } from "../dead-letters/letter-filter.ts";
import { letterItem, type LetterItem } from "../dead-letters/letter-item.ts";
import { readLetterRecords } from "../dead-letters/letter-records.ts";
import { withMeantLetters } from "../dead-letters/meant-letters.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { jsonLine } from "../output/safe-text.ts";
import { loadWithoutTargetSecrets } from "../settings.ts";
import { chooseTarget } from "../target-choice.ts";

/** A dead letter whole, so that nothing of it is lost: bytes are base64. */
interface ExportedLetter extends LetterItem {
  /** Null where the event has none, or it did not fit into the dead letter. */
  readonly value: string | null;
  /** Each value of each header, in order. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

/** Writes the open dead letters of a target to standard output, NDJSON, by partition and offset of their topic. */
export async function dlqExport(context: CommandContext, flags: LetterFlags): Promise<ExitCode> {
  const { terminal } = context;
  const settings = await loadWithoutTargetSecrets(context);
  const target = chooseTarget(settings, flags.target);
  const options = { settings, target, terminal };
  return withMeantLetters(options, flags, async ({ letters, meant }) => {
    await readLetterRecords(options, meant, (letter, record) =>
      terminal.write(`${jsonLine(exported(letterItem(letter), record))}\n`),
    );
    terminal.note(`${meant.length} of ${letters.length} open dead letters of ${target.name}`);
    return EXIT.ok;
  });
}

function exported(item: LetterItem, { value, headers }: SourceRecord): ExportedLetter {
  return { ...item, value: value === null ? null : base64(value), headers: headerTexts(headers) };
}

function headerTexts(headers: RecordHeaders): Readonly<Record<string, readonly string[]>> {
  const texts = Object.entries(headers).map(([name, values = []]) => {
    return [name, (values instanceof Uint8Array ? [values] : values).map(base64)] as const;
  });
  return Object.fromEntries(texts);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
