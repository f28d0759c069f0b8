import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { isIP } from "node:net";
import type { AddressGuard } from "./address-guard.ts";
import { ConnectError, describe } from "./connect-error.ts";

type Guard = Pick<AddressGuard, "allows">;

/**
 * A look-up that gives only allowed addresses: one refused address refuses the name, since an answer that mixes
 * places is how a name is turned inward. The socket connects to exactly the addresses given here, so there is no
 * second look-up to answer otherwise.
 */
export function guardedLookup(lookup: LookupFunction, guard: Guard): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      const addresses = listed(found);
      const fault =
        error === null ? judge(hostname, addresses, guard) : unresolved(hostname, error);
      const [first] = addresses;
      if (fault !== null || first === undefined) callback(fault, "");
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function listed(found: string | LookupAddress[] | undefined): LookupAddress[] {
  if (found === undefined || found === "") return [];
  return typeof found === "string" ? [{ address: found, family: isIP(found) }] : found;
}

function judge(
  hostname: string,
  addresses: readonly LookupAddress[],
  guard: Guard,
): ConnectError | null {
  if (addresses.length === 0) return new ConnectError("DNS_FAILED", `no address: ${hostname}`);
  const refused = addresses.find(({ address }) => !guard.allows(address));
  if (refused === undefined) return null;
  const where = `${hostname} (${refused.address})`;
  return new ConnectError("ADDRESS_BLOCKED", `address is not allowed: ${where}`);
}

function unresolved(hostname: string, error: Error): ConnectError {
  return new ConnectError("DNS_FAILED", `${hostname}: ${describe(error)}`, error);
}
