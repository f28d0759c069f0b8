import { EventEmitter } from "node:events";
import { parse } from "yaml";
import { describe, expect, it } from "vitest";
import { documentText } from "./document.ts";
import { itemStream } from "./item-stream.ts";
import { Progress } from "./progress.ts";
import { jsonLine, safeText } from "./safe-text.ts";
import { tableText } from "./table.ts";
import { Terminal, type OutputStream, type TerminalOptions } from "./terminal.ts";

class FakeStream extends EventEmitter implements OutputStream {
  readonly isTTY: boolean;
  readonly columns = 40;
  text = "";

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  write(text: string): boolean {
    this.text += text;
    return true;
  }
}

function setup(options: Partial<TerminalOptions> & { readonly isTty?: boolean } = {}) {
  const output = new FakeStream(options.isTty ?? false);
  const error = new FakeStream(options.isTty ?? false);
  const terminal = new Terminal({
    output,
    error,
    env: {},
    verbosity: "normal",
    colour: "auto",
    ...options,
  });
  return { terminal, output, error };
}

const ITEMS = [
  { name: "ä", count: 1 },
  { name: "long name", count: 20 },
];

describe("documentText", () => {
  it.each(["json", "yaml"] as const)("has the contract's three members in %s", async (format) => {
    const text = await documentText({ kind: "Things", items: ITEMS }, format);

    expect(parse(text)).toEqual({ apiVersion: "millrace/v1", kind: "Things", items: ITEMS });
  });

  it("has an item a line in ndjson", async () => {
    const text = await documentText({ kind: "Things", items: ITEMS }, "ndjson");

    expect(text).toBe('{"name":"ä","count":1}\n{"name":"long name","count":20}\n');
  });
});

describe("itemStream", () => {
  it.each(["json", "yaml"] as const)("writes the same document bit by bit in %s", (format) => {
    for (const items of [[], ITEMS.slice(1), ITEMS]) {
      const { terminal, output } = setup();
      const stream = itemStream<(typeof ITEMS)[number]>(terminal, "Things", format);
      for (const item of items) stream.item(item);
      stream.end();

      expect(parse(output.text)).toEqual({ apiVersion: "millrace/v1", kind: "Things", items });
    }
  });
});

describe("tableText", () => {
  it("aligns columns, without borders and without spaces at line ends", async () => {
    const text = await tableText(ITEMS, [
      { name: "name", cell: ({ name }) => name },
      { name: "count", cell: ({ count }) => String(count), align: "right" },
      { name: "note", cell: () => "" },
    ]);

    expect(text).toBe("NAME       COUNT  NOTE\nä              1\nlong name     20\n");
  });
});

describe("safeText", () => {
  it("lets no control character through to a terminal", () => {
    expect(safeText("a\u001b[31m\u0000\u009bé")).toBe("a\\u001b[31m\\u0000\\u009bé");
    expect(jsonLine({ a: "\u001b\u009b" })).toBe('{"a":"\\u001b\\u009b"}');
  });
});

describe("Terminal", () => {
  it("colours on a terminal only, and only where it may", () => {
    const painted = (options: Parameters<typeof setup>[0]): string =>
      setup(options).terminal.paint("red", "x", "output");

    expect(painted({ isTty: true })).toBe("\u001b[31mx\u001b[39m");
    expect(painted({ isTty: false })).toBe("x");
    expect(painted({ isTty: true, env: { NO_COLOR: "1" } })).toBe("x");
    expect(painted({ isTty: true, env: { TERM: "dumb" } })).toBe("x");
    expect(painted({ isTty: true, colour: "never" })).toBe("x");
  });

  it("keeps quiet when told to, but for complaints", () => {
    const { terminal, error } = setup({ verbosity: "quiet" });

    terminal.note("note");
    terminal.detail("detail");
    terminal.complain("complaint");

    expect(error.text).toBe("complaint\n");
  });

  it("writes nothing more once the reader is gone, which is no failure", () => {
    const { terminal, output } = setup();
    output.emit("error", Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));

    terminal.write("late\n");

    expect(output.text).toBe("");
    expect(terminal.outputClosed.aborted).toBe(true);
    expect(terminal.hasOutputFailed).toBe(false);
  });

  it("fails when the output cannot be written for another reason", () => {
    const { terminal, output, error } = setup();
    output.emit("error", Object.assign(new Error("no space left"), { code: "ENOSPC" }));

    expect(terminal.hasOutputFailed).toBe(true);
    expect(error.text).toBe("millrace: cannot write the output: no space left\n");
  });

  it("takes a terminal that does not know its width for one of 80 columns", () => {
    const error = Object.assign(new FakeStream(true), { columns: 0 });
    const { terminal } = setup({ isTty: true, error, output: error });

    terminal.progress("x".repeat(100));

    expect(terminal.columns).toBe(80);
    expect(error.text).toBe(`\r\u001b[2K${"x".repeat(79)}`);
  });

  it("shows progress on a terminal only, cut to its width", () => {
    const [shown, hidden] = [setup({ isTty: true }), setup()];

    for (const { terminal } of [shown, hidden]) terminal.progress("x".repeat(100));

    expect(shown.error.text).toBe(`\r\u001b[2K${"x".repeat(39)}`);
    expect(hidden.error.text).toBe("");
  });
});

describe("Progress", () => {
  it("updates a few times a second, with rate and share", () => {
    const { terminal, error } = setup({ isTty: true });
    let now = 0;
    const progress = new Progress(terminal, () => now);

    progress.show(1, 0);
    now = 1_000;
    progress.show(2_000, 0.505);
    now = 1_010;
    progress.show(2_100, 0.51);

    expect(error.text).toBe("\r\u001b[2K2,000 events  2,000/s  50 %");
  });
});
