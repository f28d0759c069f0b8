import type { EmitAttributes } from "@millrace/emitter";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { typeResolver } from "../input/event-type.ts";
import { jsonProblem, parseJson } from "../input/json.ts";
import { readTextArgument } from "../input/text-argument.ts";
import { openEmitter } from "../open-emitter.ts";
import { print } from "../output/print.ts";
import { RECEIPT_COLUMNS, receiptItem } from "../receipt-item.ts";
import { loadSettings } from "../settings.ts";

/** One event as the command line has it. */
export interface EmitOneOptions {
  readonly type: string;
  /** JSON, `@file` or `-`. */
  readonly data: string;
  readonly source: string;
  readonly id: string | undefined;
  readonly time: string | undefined;
  readonly key: string | undefined;
  readonly subject: string | undefined;
}

/** Emits one event and prints where it stands once the brokers have acknowledged it. */
export async function emitOne(context: CommandContext, options: EmitOneOptions): Promise<ExitCode> {
  const { type, data: argument, ...attributes } = options;
  const data = parseData(await readTextArgument(argument, context.input));
  const settings = await loadSettings(context);
  const fullType = typeResolver(settings.catalog.types.keys())(type);
  await using emitter = await openEmitter(settings, [fullType]);
  const receipt = await emitter.emit(fullType, data, present(attributes));
  const items = [receiptItem(receipt)];
  await print(context, { kind: "EmittedEvents", items }, RECEIPT_COLUMNS);
  return EXIT.ok;
}

/** Only what was given: an attribute that is there must have a value. */
function present(attributes: Omit<EmitOneOptions, "type" | "data">): EmitAttributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}

function parseData(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new CliError(EXIT.error, `the data is ${jsonProblem(error)}`, {
      hint: 'write --data \'{"userId":"u1"}\', --data @file.json or --data -',
      cause: error,
    });
  }
}
