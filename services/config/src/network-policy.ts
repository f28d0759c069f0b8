import { isIP } from "node:net";
import type { NetworkPolicy } from "./config.ts";
import type { TargetScope } from "./mapping/target-scope.ts";
import type { TargetOptions } from "./options/target-options.ts";

/** Where a target may be. Default: `internal`. CIDRs that are none are reported. */
export function resolveNetwork(
  options: TargetOptions["network"],
  scope: TargetScope,
): NetworkPolicy {
  if (options === undefined) return { kind: "internal" };
  if (typeof options === "string") return { kind: options };
  for (const [index, cidr] of options.entries()) {
    if (!isCidr(cidr)) {
      scope.problem(["network", index], `"${cidr}" is no CIDR`, "write 10.1.0.0/16 or fd00::/8");
    }
  }
  return { kind: "list", cidrs: options };
}

/** Whether a text is a network in CIDR notation (RFC 4632, RFC 4291): an address, `/` and a length. */
function isCidr(text: string): boolean {
  const [, address = "", length = ""] = /^([0-9A-Fa-f.:]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(length) <= (family === 4 ? 32 : 128);
}
