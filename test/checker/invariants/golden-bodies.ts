import { channelsOf, type Invariant } from "../findings.ts";

/** S21. */
export const goldenBodies: Invariant = {
  title:
    "the body is the mapping of the event as written, signed; what is filtered or impossible never comes",
  needs: [["recv"], ["log"]],
  judge(ledger, findings) {
    for (const { arrivals } of channelsOf(ledger)) {
      for (const { delivery, body, isSigned } of arrivals) {
        const { expected } = delivery;
        if (expected === "unknown") continue;
        findings.judged();
        if (expected !== "deliver") {
          findings.breach(() => `arrives, though it is ${expected}`, delivery);
        } else if (body !== delivery.body && delivery.otherBodies?.includes(body) !== true) {
          findings.breach(() => "arrives with a body that no mapping of it gives", delivery);
        }
        if (!isSigned) findings.breach(() => "arrives without a valid signature", delivery);
      }
    }
  },
};
