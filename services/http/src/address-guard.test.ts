import { describe, expect, test } from "vitest";
import { AddressGuard, classOfAddress } from "./address-guard.ts";

const PLACES = {
  never: [
    "0.0.0.0",
    "0.1.2.3",
    "169.254.0.1",
    "169.254.169.254",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "::",
    "fe80::1",
    "febf::1",
    "ff02::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "0:0:0:0:0:ffff:a9fe:a9fe",
    "::ffff:0.0.0.0",
    "localhost",
    "",
  ],
  special: [
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "::7f00:1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fec0::1",
    "::ffff:198.18.0.1",
  ],
  loopback: ["127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1"],
  private: [
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "fc00::1",
    "fdff::1",
    "::ffff:10.0.0.1",
  ],
  public: [
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450::1",
    "::ffff:1.1.1.1",
  ],
} as const;

test.each(Object.entries(PLACES))("knows the %s addresses", (place, addresses) => {
  expect(addresses.map(classOfAddress)).toEqual(addresses.map(() => place));
});

describe("the policy", () => {
  const allowed = {
    internal: ["loopback", "private", "public"],
    public: ["public"],
  } as const;

  test.each(Object.entries(allowed))("%s allows %j only", (kind, places) => {
    const guard = new AddressGuard({ kind: kind === "public" ? "public" : "internal" });
    const passed = Object.entries(PLACES).flatMap(([place, addresses]) =>
      addresses.some((address) => guard.allows(address)) ? [place] : [],
    );

    expect(passed.sort()).toEqual([...places]);
    for (const place of places) {
      expect(PLACES[place].every((address) => guard.allows(address))).toBe(true);
    }
  });

  test("a list allows exactly its networks, IPv4 in either notation", () => {
    const guard = new AddressGuard({ kind: "list", cidrs: ["10.1.0.0/16", "2001:db8:1::/48"] });

    expect(guard.allows("10.1.2.3")).toBe(true);
    expect(guard.allows("::ffff:10.1.2.3")).toBe(true);
    expect(guard.allows("2001:db8:1::5")).toBe(true);
    expect(guard.allows("10.2.0.1")).toBe(false);
    expect(guard.allows("1.1.1.1")).toBe(false);
    expect(guard.allows("2001:db8:2::5")).toBe(false);
  });

  test("no list, however wide, reaches metadata or link-local addresses", () => {
    const guard = new AddressGuard({ kind: "list", cidrs: ["0.0.0.0/0", "::/0"] });

    expect(PLACES.never.filter((address) => guard.allows(address))).toEqual([]);
    expect(guard.allows("127.0.0.1")).toBe(true);
  });

  test("an address is judged without its zone", () => {
    const guard = new AddressGuard({ kind: "internal" });

    expect(guard.allows("fe80::1%eth0")).toBe(false);
    expect(guard.allows("fc00::1%eth0")).toBe(true);
  });

  test.each(["10.0.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/x", "host/8", "/8", ""])(
    "refuses %j as a CIDR",
    (cidr) => {
      expect(() => new AddressGuard({ kind: "list", cidrs: [cidr] })).toThrow(
        expect.objectContaining({ code: "CONFIG_INVALID" }),
      );
    },
  );
});
