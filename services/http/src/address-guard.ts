import { MillraceError } from "@millrace/engine";
import { BlockList, isIP } from "node:net";
import type { NetworkPolicy } from "./options.ts";

/** What kind of place an address is; each address is in exactly one. */
export type AddressClass = "never" | "special" | "loopback" | "private" | "public";

/** Under no policy: unspecified, link-local, cloud metadata, multicast, reserved for nobody. */
const NEVER = [
  "0.0.0.0/8",
  "169.254.0.0/16",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "::/128",
  "fe80::/10",
  "ff00::/8",
  // Metadata services outside link-local: Alibaba, Azure's platform, Oracle, AWS, Google, Scaleway.
  "100.100.100.200/32",
  "168.63.129.16/32",
  "192.0.0.192/32",
  "fd00:ec2::254/128",
  "fd20:ce::254/128",
  "fd00:42::42/128",
];

/** Of the IANA special-purpose registries: documentation, benchmarks, translation and tunnels (which hide a place). */
const SPECIAL = [
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "::/96",
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "100::/64",
  "2001::/23",
  "2001:db8::/32",
  "2002::/16",
  "3fff::/20",
  "5f00::/16",
  "fec0::/10",
];

const LOOPBACK = ["127.0.0.0/8", "::1/128"];

/** Private use, and the shared space of carriers and container networks. */
const PRIVATE = ["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];

/** First match decides, so the narrower and stricter stand first. IPv4-mapped IPv6 matches the IPv4 rules. */
const CLASSES = [
  ["never", blockList(NEVER)],
  ["loopback", blockList(LOOPBACK)],
  ["special", blockList(SPECIAL)],
  ["private", blockList(PRIVATE)],
] as const;

/** What kind of place an IP address is; what is no IP address is `never`. */
export function classOfAddress(address: string): AddressClass {
  for (const [name, list] of CLASSES) if (isListed(list, address)) return name;
  return isIP(address) === 0 ? "never" : "public";
}

/**
 * Decides whether a target may be at an address. A pure decision: whoever connects asks it about the literal in the
 * URL, every address that a look-up gave, and the connected peer.
 */
export class AddressGuard {
  readonly #allows: (address: string, place: AddressClass) => boolean;

  /** @throws MillraceError `CONFIG_INVALID` for a CIDR that is none. */
  constructor(policy: NetworkPolicy) {
    this.#allows = rule(policy);
  }

  /** Whether the address (with or without a zone) is allowed. */
  allows(address: string): boolean {
    const bare = address.split("%", 1)[0] ?? address;
    const place = classOfAddress(bare);
    return place !== "never" && this.#allows(bare, place);
  }
}

function rule(policy: NetworkPolicy): (address: string, place: AddressClass) => boolean {
  switch (policy.kind) {
    case "internal":
      return (_address, place) => place !== "special";
    case "public":
      return (_address, place) => place === "public";
    case "list": {
      const list = blockList(policy.cidrs);
      return (address) => isListed(list, address);
    }
  }
}

function isListed(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 4 ? "ipv4" : "ipv6");
}

function blockList(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [, network = "", bits = ""] = /^([^/]+)\/(\d{1,3})$/.exec(cidr) ?? [];
    const family = isIP(network);
    if (family === 0 || Number(bits) > (family === 4 ? 32 : 128)) {
      throw new MillraceError("CONFIG_INVALID", `no CIDR: network (${cidr})`);
    }
    list.addSubnet(network, Number(bits), family === 4 ? "ipv4" : "ipv6");
  }
  return list;
}
