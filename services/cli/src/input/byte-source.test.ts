import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { streamSource, type ByteSource } from "./byte-source.ts";

const NEVER = new AbortController().signal;

async function bytesOf({ chunks }: ByteSource): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

async function textOf(stream: Readable): Promise<string> {
  return (await bytesOf(streamSource("input", stream, NEVER))).toString();
}

describe("streamSource", () => {
  it("passes plain bytes on", async () => {
    expect(await textOf(Readable.from([Buffer.from("a"), Buffer.from("bc")]))).toBe("abc");
  });

  it("unpacks gzip, told by content even when it comes byte by byte", async () => {
    const packed = [...gzipSync("hello")].map((byte) => Buffer.of(byte));

    expect(await textOf(Readable.from(packed))).toBe("hello");
  });

  it("unpacks gzip files that were put together", async () => {
    const packed = Buffer.concat([gzipSync("one\n"), gzipSync("two\n")]);

    expect(await textOf(Readable.from([packed]))).toBe("one\ntwo\n");
  });

  it("says that gzip data ends too early", async () => {
    const packed = gzipSync("hello".repeat(1_000));

    await expect(textOf(Readable.from([packed.subarray(0, -12)]))).rejects.toThrow(
      "cannot read input: the gzip data ends too early",
    );
  });

  it("ends when it is interrupted while it waits for bytes", async () => {
    const interrupted = new AbortController();
    const stream = new Readable({ read: () => undefined });
    const reading = bytesOf(streamSource("input", stream, interrupted.signal));

    stream.push("abc");
    interrupted.abort();

    expect((await reading).toString()).toMatch(/^(abc)?$/u);
  });

  it("has nothing in nothing", async () => {
    expect(await textOf(Readable.from([]))).toBe("");
  });

  it("counts the bytes of the source, not those unpacked", async () => {
    const packed = gzipSync("hello".repeat(1_000));
    const source = streamSource("input", Readable.from([packed]), NEVER);

    await bytesOf(source);

    expect(source.bytesRead()).toBe(packed.length);
  });
});
