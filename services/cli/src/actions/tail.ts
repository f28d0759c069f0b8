/** `millrace tail`: decoded events of a topic, past ones and those to come. Reads without a group and leaves no trace. */
import { groupId, type TargetFilter } from "@millrace/config";
import { asOffset, asTopic, type RecordBatch } from "@millrace/engine";
import { createLogReader, createTopicAdmin, type LogReader, type ReadRange } from "@millrace/kafka";
import { createDecoder, isKeyPersonal, type LocatedRecord } from "@millrace/schemas";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { itemStream, type ItemStream } from "../output/item-stream.ts";
import { timeText, type Position } from "../position.ts";
import { connectionOf, loadSettings, registryOf, type Settings } from "../settings.ts";
import { compileFilter } from "../tail/event-filter.ts";
import { EventMatcher } from "../tail/event-matcher.ts";
import type { Privacy } from "../tail/event-view.ts";
import { readRanges } from "../tail/read-ranges.ts";
import { isPoison, keyText, TailItems, type TailItem } from "../tail/tail-item.ts";
import { tailLines } from "../tail/tail-lines.ts";
import { chooseTarget } from "../target-choice.ts";
import { topicNames, withNearTopic } from "../topic-choice.ts";

/** What is shown. */
export interface TailOptions {
  readonly topic: string;
  /** Null: the last ten records, then what comes. */
  readonly from: Position | null;
  /** Null: on and on. */
  readonly to: Position | null;
  /** Null: all. */
  readonly partitions: readonly number[] | null;
  readonly key: string | null;
  /** CEL. */
  readonly filter: string | null;
  /** Events shown at most. */
  readonly countMax: number;
  /** Whose committed offsets `committed` means. */
  readonly target: string | null;
  readonly privacy: Privacy;
}

/** Records that are shown of the past where no position is given. */
const RECENT_COUNT = 10;

/** Shows events until there are enough, the end is reached, or nobody reads any more. */
export async function tail(context: CommandContext, options: TailOptions): Promise<ExitCode> {
  const settings = await loadSettings(context);
  requireTarget(settings, options.target);
  const reader = createLogReader({ connection: connectionOf(settings) });
  try {
    const tailing = await Tailing.create(context, options, settings);
    const interrupted = context.interrupts.take();
    await tailing.run(reader, AbortSignal.any([interrupted, context.terminal.outputClosed]));
    return interrupted.aborted ? EXIT.interrupted : EXIT.ok;
  } catch (error) {
    throw await withNearTopic(error, options.topic, () => topicNames(settings));
  } finally {
    await reader.close();
  }
}

/** Without a configuration nobody knows which targets there are. */
function requireTarget(settings: Settings, target: string | null): void {
  if (target !== null && settings.targets.size > 0) chooseTarget(settings, target);
}

class Tailing {
  readonly #context: CommandContext;
  readonly #options: TailOptions;
  readonly #settings: Settings;
  readonly #matcher: EventMatcher;
  readonly #items: TailItems;
  readonly #stream: ItemStream<TailItem>;
  #end: AbortSignal = AbortSignal.abort();
  #shownCount = 0;

  private constructor(
    context: CommandContext,
    options: TailOptions,
    of: { readonly settings: Settings; readonly filter: TargetFilter | null },
  ) {
    this.#context = context;
    this.#options = options;
    this.#settings = of.settings;
    const { catalog } = of.settings;
    const readerSchemas = new Map([...catalog.types].map(([type, { avro }]) => [type, avro]));
    // Who looks on is told at once what the registry does not know.
    const decoder = createDecoder(registryOf(of.settings), {
      envelope: "derive",
      readerSchemas,
      unknownGraceMs: 0,
    });
    this.#matcher = new EventMatcher(decoder, of.filter);
    this.#items = new TailItems(options.privacy, isKeyPersonal(catalog, options.topic));
    const { terminal, output } = context;
    const format = output ?? (terminal.isOutputTty ? "table" : "ndjson");
    this.#stream =
      format === "table" ? tailLines(terminal) : itemStream(terminal, "Events", format);
  }

  static async create(
    context: CommandContext,
    options: TailOptions,
    settings: Settings,
  ): Promise<Tailing> {
    const { filter: source, topic } = options;
    const catalogPath = settings.catalog.path;
    const filter =
      source === null ? null : await compileFilter(source, { topics: [topic], catalogPath });
    return new Tailing(context, options, { settings, filter });
  }

  /** Shows until `end` is aborted, or all is shown. */
  async run(reader: LogReader, end: AbortSignal): Promise<void> {
    this.#end = end;
    this.#tellTimes();
    const ranges = await this.#ranges(reader);
    if (this.#options.from === null) {
      await this.#showRecent(reader, ranges);
      if (this.#options.to === null && !this.#isOver()) {
        await this.#show(reader.read(ranges, this.#end));
      }
    } else {
      await this.#show(reader.read(ranges, this.#end));
    }
    this.#stream.end();
    const count = this.#matcher.unfilterableCount;
    if (count > 0) {
      this.#context.terminal.note(`${count} records could not be filtered and were passed over`);
    }
  }

  #tellTimes(): void {
    for (const name of ["from", "to"] as const) {
      const position = this.#options[name];
      if (position?.kind !== "time") continue;
      this.#context.terminal.note(`${name} ${timeText(position.epochMs)}`);
    }
  }

  /** Without a position: from the end on; what is before it is {@link RECENT_COUNT} records. */
  #ranges(reader: LogReader): Promise<readonly ReadRange[]> {
    const { topic, partitions, from, to } = this.#options;
    return readRanges(reader, {
      topic,
      partitions,
      from: from ?? { kind: "latest" },
      to: from === null ? null : to,
      committed: () => this.#committed(),
    });
  }

  async #committed(): Promise<ReadonlyMap<number, number | null>> {
    const { topic, target } = this.#options;
    if (target === null) {
      throw new CliError(EXIT.usage, "tail: 'committed' needs --target: whose offsets are meant?");
    }
    const admin = createTopicAdmin({ connection: connectionOf(this.#settings) });
    try {
      const group = groupId(this.#settings.namespace, target);
      const offsets = await admin.groupOffsets(group, asTopic(topic));
      if (offsets.every(({ committed }) => committed === null)) {
        throw new CliError(EXIT.notFound, `${target} has committed nothing of ${topic}`, {
          hint: "millrace tail --from earliest shows all that is there",
        });
      }
      return new Map(
        offsets.map(({ partition, committed }) => [partition, committed?.offset ?? null]),
      );
    } finally {
      await admin.close();
    }
  }

  /** The last records before the given starts, over all partitions, in the order of the brokers' time. */
  async #showRecent(reader: LogReader, ends: readonly ReadRange[]): Promise<void> {
    const logs = await reader.ranges(asTopic(this.#options.topic));
    const starts = new Map(
      logs.map(({ partition, logStartOffset }) => [partition, logStartOffset]),
    );
    const ranges = ends.map(({ topic, partition, from: to }) => {
      const from = asOffset(Math.max(starts.get(partition) ?? 0, to - RECENT_COUNT));
      return { topic, partition, from, to };
    });
    const records: LocatedRecord[] = [];
    for await (const batch of reader.read(ranges, this.#end)) records.push(...batch.records);
    const recent = records.sort(byTime).slice(-RECENT_COUNT);
    for (const record of recent) if (!this.#isOver()) await this.#record(record);
  }

  async #show(batches: AsyncIterable<RecordBatch>): Promise<void> {
    for await (const { records } of batches) {
      for (const record of records) {
        if (this.#isOver()) return;
        await this.#record(record);
      }
      if (this.#isOver()) return;
    }
  }

  #isOver(): boolean {
    return this.#end.aborted || this.#shownCount >= this.#options.countMax;
  }

  async #record(record: LocatedRecord): Promise<void> {
    const { key } = this.#options;
    if (key !== null && keyText(record.key) !== key) return;
    const result = await this.#matcher.decode(record);
    const item = this.#items.item(record, result);
    if (!this.#matcher.matches(result)) return;
    this.#shownCount += 1;
    this.#stream.item(item);
    if (isPoison(item)) this.#context.terminal.detail(`poison record: ${item.error.detail}`);
  }
}

function byTime(a: LocatedRecord, b: LocatedRecord): number {
  return a.timestampMs - b.timestampMs || a.offset - b.offset;
}
