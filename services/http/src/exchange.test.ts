import { expect, onTestFinished, test, vi } from "vitest";
import { Exchange } from "./exchange.ts";
import type { ExchangeEnd, ExchangeOptions } from "./exchange.ts";

const BODY_BYTES_MAX = 10;
const OPTIONS: ExchangeOptions = {
  bodyBytesMax: BODY_BYTES_MAX,
  requestIdHeaders: ["x-request-id", "cf-ray"],
  bodies: "discarded",
};

function setup(options: Partial<ExchangeOptions> = {}) {
  const ends: ExchangeEnd[] = [];
  const exchange = new Exchange({ ...OPTIONS, ...options }, (end) => ends.push(end));
  const abort = vi.fn((error: Error) => exchange.onResponseError(controller, error));
  const controller = {
    aborted: false,
    paused: false,
    reason: null,
    abort,
    pause: () => undefined,
    resume: () => undefined,
  };
  return { exchange, controller, abort, ends };
}

const ANSWERED = {
  ...{ kind: "answered", status: 200, retryAfter: null, location: null },
  ...{ requestId: null, body: null },
};

test("answers when the response has ended", () => {
  const { exchange, controller, ends } = setup();
  exchange.onRequestStart(controller);
  exchange.onResponseStart(controller, 429, { "retry-after": "7", location: "/x" });
  expect(ends).toEqual([]);

  exchange.onResponseEnd();

  expect(ends).toEqual([{ ...ANSWERED, status: 429, retryAfter: "7", location: "/x" }]);
});

test.each([
  ["the first of the headers that name it", { "x-request-id": "a", "cf-ray": "b" }, "a"],
  ["the next one where that is missing or empty", { "x-request-id": "", "cf-ray": "b" }, "b"],
  ["the first of several values", { "cf-ray": ["c", "d"] }, "c"],
  ["nothing where no header names it", { "x-other": "e" }, null],
])("calls the call by %s", (_, headers, requestId) => {
  const { exchange, controller, ends } = setup();
  exchange.onRequestStart(controller);
  exchange.onResponseStart(controller, 200, headers);
  expect(exchange.requestId).toBe(requestId);

  exchange.onResponseEnd();

  expect(ends).toEqual([{ ...ANSWERED, requestId }]);
});

test("takes interim responses for no answer", () => {
  const { exchange, controller, ends } = setup();
  exchange.onRequestStart(controller);
  exchange.onResponseStart(controller, 103, {});
  expect(exchange.status).toBeNull();

  exchange.onResponseError(controller, new Error("gone"));

  expect(ends).toMatchObject([{ kind: "failed", isSent: true }]);
});

test("keeps the answer when its body breaks off", () => {
  const { exchange, controller, ends } = setup();
  exchange.onRequestStart(controller);
  exchange.onResponseStart(controller, 200, {});

  exchange.onResponseError(controller, new Error("reset"));

  expect(ends).toEqual([ANSWERED]);
});

test("reads a body of the most allowed bytes, and breaks off at one more", () => {
  const { exchange, controller, abort, ends } = setup();
  exchange.onRequestStart(controller);
  exchange.onResponseStart(controller, 200, {});
  exchange.onResponseData(controller, Buffer.alloc(BODY_BYTES_MAX));
  expect(abort).not.toHaveBeenCalled();

  exchange.onResponseData(controller, Buffer.alloc(1));

  expect(abort).toHaveBeenCalledOnce();
  expect(ends).toEqual([ANSWERED]);
});

test.each([
  ["in one piece", ["hello"], { text: "hello", byteCount: 5 }],
  ["in pieces", ["hel", "lo"], { text: "hello", byteCount: 5 }],
  ["up to the bound", ["hello", "world", "!"], { text: "helloworld", byteCount: 11 }],
  ["not at all", [], { text: "", byteCount: 0 }],
])("gives a body that comes %s, where bodies are kept", (_, chunks, { text, byteCount }) => {
  const { exchange, controller, ends } = setup({ bodies: "kept" });
  exchange.onRequestStart(controller);
  exchange.onResponseStart(controller, 200, {});
  for (const chunk of chunks) exchange.onResponseData(controller, Buffer.from(chunk));
  exchange.onResponseEnd();

  expect(ends).toEqual([{ ...ANSWERED, body: { bytes: Buffer.from(text), byteCount } }]);
});

test("called off before its turn, it is never sent and breaks no connection", () => {
  const { exchange, controller, abort } = setup();
  exchange.callOff();

  expect(() => exchange.onRequestStart(controller)).toThrow("called off");

  expect(abort).not.toHaveBeenCalled();
  expect(exchange.isSent).toBe(false);
});

test("called off after it was sent, it breaks its connection", () => {
  const { exchange, controller, abort, ends } = setup();
  exchange.onRequestStart(controller);

  exchange.callOff();

  expect(abort).toHaveBeenCalledOnce();
  expect(ends).toMatchObject([{ kind: "failed", isSent: true }]);
});

test("ends once, whatever follows", () => {
  const { exchange, controller, ends } = setup();
  exchange.onRequestStart(controller);
  exchange.onResponseStart(controller, 200, {});
  exchange.onResponseEnd();

  exchange.onResponseError(controller, new Error("late"));
  exchange.onResponseEnd();

  expect(ends).toEqual([ANSWERED]);
});

test("says whether its connection is gone with it", () => {
  const { exchange, controller } = setup();
  exchange.onRequestStart(controller);
  exchange.onResponseStart(controller, 200, {});
  expect(exchange.isBroken).toBe(false);

  exchange.onResponseError(controller, new Error("reset"));

  expect(exchange.isBroken).toBe(true);
});

test("lets a bug of whoever takes its end be heard: it is thrown where undici does not catch it", () => {
  const thrown: (() => void)[] = [];
  const later = vi.spyOn(globalThis, "queueMicrotask").mockImplementation((run) => {
    thrown.push(run);
  });
  onTestFinished(() => later.mockRestore());
  const exchange = new Exchange(OPTIONS, () => {
    throw new Error("a bug");
  });
  exchange.onResponseStart(setup().controller, 200, {});

  exchange.onResponseEnd();

  expect(thrown).toHaveLength(1);
  expect(thrown[0]).toThrow("a bug");
});
