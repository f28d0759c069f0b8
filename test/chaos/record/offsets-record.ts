/**
 * The records of `__consumer_offsets`, read by hand: what a group's coordinator applied, and when.
 * Source: Kafka's `OffsetCommitKey.json` (versions 0 and 1) and `OffsetCommitValue.json` (versions 0 to 4; flexible from
 * 4 on) of its group-coordinator module.
 */

/** A commit as the coordinator wrote it down. */
export interface CommitRecord {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly metadata: string;
  /** The coordinator's clock, epoch ms. */
  readonly committedAt: number;
}

const KEY_VERSION_MAX = 1;
const VALUE_VERSION_MAX = 4;
const FLEXIBLE_FROM = 4;

/** Reads a record; null for group metadata, other kinds, and deleted offsets. @throws RangeError for a later version. */
export function readCommitRecord(key: Buffer | null, value: Buffer | null): CommitRecord | null {
  if (key === null || value === null || key.readInt16BE(0) > KEY_VERSION_MAX) return null;
  const keyReader = new Reader(key, 2);
  const group = keyReader.text(keyReader.int16());
  const topic = keyReader.text(keyReader.int16());
  const partition = keyReader.int32();
  const version = value.readInt16BE(0);
  if (version > VALUE_VERSION_MAX) throw new RangeError(`offset commit value: version ${version}`);
  const reader = new Reader(value, 2);
  const offset = reader.int64();
  if (version >= 3) reader.int32(); // leader epoch
  const length = version >= FLEXIBLE_FROM ? reader.varint() - 1 : reader.int16();
  const metadata = reader.text(length);
  return { group, topic, partition, offset, metadata, committedAt: reader.int64() };
}

class Reader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  int16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  int64(): number {
    this.#at += 8;
    return Number(this.#bytes.readBigInt64BE(this.#at - 8));
  }

  /** Unsigned LEB128. */
  varint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#at);
      this.#at += 1;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  text(length: number): string {
    this.#at += length;
    return this.#bytes.toString("utf8", this.#at - length, this.#at);
  }
}
