/** Ports of the driver in memory, each answering as a test tells it. */
import {
  asOffset,
  asPartition,
  type Offset,
  type TopicPartition,
} from "../src/core/lanes/identity.ts";
import { MillraceError } from "../src/errors.ts";
import type {
  AttemptListener,
  AttemptRequest,
  AttemptSender,
  EventPreparer,
  GroupListener,
  LogSlice,
  OffsetCommit,
  ParkedLog,
  Preparation,
  RecordPosition,
  RecordSink,
  RecordSource,
  ReplayLog,
  ReplayPage,
  ReplayRange,
  ReplaySlice,
  SinkRecord,
  SourceRecord,
  StateEntry,
  StateLog,
} from "../src/ports.ts";

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

/** A source that fetches nothing by itself. */
export class MemorySource implements RecordSource {
  readonly commits: { readonly generation: number; readonly offsets: readonly OffsetCommit[] }[] =
    [];
  readonly seeks = new Map<string, Offset>();
  readonly paused = new Set<string>();
  listener: GroupListener | null = null;
  startOffset = 0;
  isMember = true;
  /** What each commit answers. */
  onCommit: () => Promise<void> = () => Promise.resolve();
  /** What stopping does; a real source drains through the listener. */
  onStop: () => Promise<void> = () => Promise.resolve();

  start(listener: GroupListener): Promise<void> {
    this.listener = listener;
    return Promise.resolve();
  }

  commit(offsets: readonly OffsetCommit[], generation: number): Promise<void> {
    this.commits.push({ generation, offsets });
    return this.onCommit();
  }

  isProven(): boolean {
    return this.isMember;
  }

  pause(partition: TopicPartition): void {
    this.paused.add(nameOf(partition));
  }

  resume(partition: TopicPartition): void {
    this.paused.delete(nameOf(partition));
  }

  seek(partition: TopicPartition, offset: Offset): void {
    this.seeks.set(nameOf(partition), offset);
  }

  offsetAt(): Promise<Offset> {
    return Promise.resolve(asOffset(this.startOffset));
  }

  stop(): Promise<void> {
    return this.onStop();
  }
}

/** A sink that keeps what it is given. */
export class MemorySink implements RecordSink {
  readonly records: SinkRecord[] = [];
  /** The same as they lie in their logs. */
  readonly stored: SourceRecord[] = [];
  /** Throws where a write must fail; given the record. */
  onAppend: (record: SinkRecord) => Promise<void> = () => Promise.resolve();

  async append(records: readonly SinkRecord[]): Promise<readonly RecordPosition[]> {
    const positions: RecordPosition[] = [];
    for (const record of records) {
      await this.onAppend(record);
      const { topic, key, value, headers, partition = asPartition(0) } = record;
      const isHere = (one: TopicPartition): boolean =>
        one.topic === topic && one.partition === partition;
      const offset = asOffset(this.stored.filter(isHere).length);
      this.records.push(record);
      this.stored.push({ topic, partition, offset, timestampMs: 0, key, value, headers });
      positions.push({ topic, partition, offset });
    }
    return positions;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Reads back what a {@link MemorySink} holds of a partition, and source records that a test puts there. */
export class MemoryParkedLog implements ParkedLog {
  readonly sources: SourceRecord[] = [];
  readonly #sink: MemorySink;
  /** Asked before each reading; throws where it must fail. */
  onRead: () => Promise<void> = () => Promise.resolve();

  constructor(sink: MemorySink) {
    this.#sink = sink;
  }

  async read(place: TopicPartition, from: Offset, countMax: number): Promise<LogSlice> {
    await this.onRead();
    const all = [...this.sources, ...this.#sink.stored].filter(
      ({ topic, partition, offset }) =>
        topic === place.topic && partition === place.partition && offset >= from,
    );
    const records = all.slice(0, countMax);
    const last = records.at(-1);
    const next = last === undefined ? from : asOffset(last.offset + 1);
    return { records, next, isEnd: records.length === all.length };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A state topic; views see only what they have read. */
export class MemoryStateLog implements StateLog {
  readonly entries: { readonly key: string; readonly value: unknown }[];
  readonly #view = new Map<string, StateEntry>();
  #read = 0;
  /** The prefixes that were asked for, in order. */
  readonly listed: string[] = [];
  /** Asked before each write; throws where it must fail. */
  onAppend: (keys: readonly string[]) => Promise<void> = () => Promise.resolve();

  /** Asked after each write that stands; throws where its acknowledgement gets lost. */
  onWritten: () => Promise<void> = () => Promise.resolve();

  /** @param topic the entries, shared by all views of one topic. */
  constructor(topic: { readonly key: string; readonly value: unknown }[] = []) {
    this.entries = topic;
  }

  async append(
    entries: readonly { readonly key: string; readonly value: unknown }[],
  ): Promise<readonly Offset[]> {
    await this.onAppend(entries.map(({ key }) => key));
    const offsets = entries.map((entry) => asOffset(this.entries.push(entry) - 1));
    await this.onWritten();
    return offsets;
  }

  readTo(offset: Offset): Promise<void> {
    for (; this.#read <= offset; this.#read += 1) {
      const entry = this.entries[this.#read];
      if (entry === undefined) continue;
      if (entry.value === null) this.#view.delete(entry.key);
      else this.#view.set(entry.key, { offset: asOffset(this.#read), value: entry.value });
    }
    return Promise.resolve();
  }

  get(key: string): StateEntry | undefined {
    return this.#view.get(key);
  }

  list(prefix: string): readonly (readonly [string, StateEntry])[] {
    this.listed.push(prefix);
    return [...this.#view].filter(([key]) => key.startsWith(prefix));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** The last value of a key in the topic itself. */
  latest(key: string): unknown {
    return this.entries.findLast((entry) => entry.key === key)?.value;
  }
}

/** One call that was sent. */
export interface SentCall {
  readonly request: AttemptRequest;
  readonly end: AttemptListener;
  isAbandoned: boolean;
  hasEnded: boolean;
}

/** A sender whose calls the test ends. */
export class MemorySender implements AttemptSender {
  readonly calls: SentCall[] = [];
  /** Whether an abandoned call ends at once, as a real one does. */
  endsAbandoned = true;

  send(request: AttemptRequest, onResult: AttemptListener): () => void {
    const call: SentCall = {
      request,
      isAbandoned: false,
      hasEnded: false,
      end: (result, body) => {
        if (call.hasEnded) return;
        call.hasEnded = true;
        onResult(result, body);
      },
    };
    this.calls.push(call);
    return () => {
      call.isAbandoned = true;
      if (this.endsAbandoned) {
        queueMicrotask(() => call.end({ kind: "abandoned", ambiguous: true }));
      }
    };
  }

  /** Calls without an answer yet. */
  get open(): readonly SentCall[] {
    return this.calls.filter(({ hasEnded }) => !hasEnded);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A preparer that reads a record's value as text: `skip` is filtered, `bad` undecodable, `schema:<n>` needs one. */
export class MemoryPreparer implements EventPreparer {
  readonly known = new Set<number>();
  readonly prepared: number[] = [];
  /** Whether the registry answers. */
  isRegistryUp = true;

  prepare(record: SourceRecord): Preparation {
    const text = Buffer.from(record.value ?? []).toString();
    this.prepared.push(record.offset);
    const schemaId = Number(/^schema:(\d+)/u.exec(text)?.[1] ?? Number.NaN);
    if (!Number.isNaN(schemaId) && !this.known.has(schemaId))
      return { kind: "schema-needed", schemaId };
    if (text === "skip") return { kind: "filtered" };
    const isBad = text === "bad";
    return {
      kind: "ready",
      verdict: isBad
        ? { kind: "undeliverable", reason: "DECODE_FAILED", detail: "no magic byte" }
        : { kind: "deliver" },
      event: {
        record,
        id: isBad ? null : `id-${record.offset}`,
        source: isBad ? null : "urn:test",
        type: isBad ? null : "users.ProfileUpdated",
        tenant: "acme",
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        tracestate: "vendor=1",
        request: isBad
          ? null
          : {
              method: "PUT",
              url: "https://api.example.com:8443/users/1?secret=2",
              headers: { "idempotency-key": `key-${record.offset}` },
              body: text,
              timeoutMs: 5_000,
            },
        mappingRevision: "r1",
      },
    };
  }

  loadSchema(schemaId: number): Promise<void> {
    if (!this.isRegistryUp) {
      return Promise.reject(new MillraceError("REGISTRY_UNREACHABLE", "registry does not answer"));
    }
    this.known.add(schemaId);
    return Promise.resolve();
  }
}

/** Reads ranges of the source records that a test puts there. */
export class MemoryReplayLog implements ReplayLog {
  /** By partition name, at their offsets. */
  readonly records: SourceRecord[] = [];
  readonly readings: (ReplayRange & ReplayPage)[] = [];
  /** The log's ends; `null`: whatever is asked for is there. */
  range: { readonly start: number; readonly end: number } | null = null;
  /** Asked before each reading; throws where it must fail. */
  onRead: () => Promise<void> = () => Promise.resolve();

  async read(range: ReplayRange, page: ReplayPage): Promise<ReplaySlice> {
    this.readings.push({ ...range, ...page });
    await this.onRead();
    const { topic, partition, from, to } = range;
    const { start, end } = this.range ?? { start: from, end: to };
    if (start > from || end < to) {
      return { kind: "gone", logStartOffset: asOffset(start), logEndOffset: asOffset(end) };
    }
    const all = this.records.filter(
      (one) =>
        one.topic === topic && one.partition === partition && one.offset >= from && one.offset < to,
    );
    const records = all.slice(0, page.countMax);
    const last = records.at(-1);
    const isAll = records.length === all.length || last === undefined;
    return { kind: "records", records, next: isAll ? to : asOffset(last.offset + 1) };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
