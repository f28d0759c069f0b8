import { MillraceError } from "@millrace/engine";
import type { Receipt } from "./emitter.ts";

/** Events of one call: settled together, once the last of them has ended. */
export class Submission {
  /** Receipts in the order given. */
  readonly done: Promise<readonly Receipt[]>;
  readonly #receipts: (Receipt | undefined)[];
  readonly #ids: readonly string[];
  #open: number;
  #error: MillraceError | undefined;
  #resolve!: (receipts: readonly Receipt[]) => void;
  #reject!: (error: MillraceError) => void;

  constructor(ids: readonly string[]) {
    this.#ids = ids;
    this.#open = ids.length;
    this.#receipts = ids.map(() => undefined);
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  succeed(index: number, receipt: Receipt): void {
    this.#receipts[index] = receipt;
    this.#settleOne();
  }

  fail(error: MillraceError): void {
    this.#error ??= error;
    this.#settleOne();
  }

  #settleOne(): void {
    this.#open -= 1;
    if (this.#open > 0) return;
    if (this.#error === undefined) this.#resolve(this.#receipts.filter((one) => one !== undefined));
    else this.#reject(this.#errorOf(this.#error));
  }

  /** Says which events are concerned: what is emitted again must keep its id, also one that was made here. */
  #errorOf({ code, message, cause, details }: MillraceError): MillraceError {
    const unacknowledged = [...this.#receipts.keys()].filter(
      (index) => this.#receipts[index] === undefined,
    );
    return new MillraceError(code, message, {
      cause,
      details: { ...details, ids: this.#ids, unacknowledged },
    });
  }
}
