import { describe, expect, it } from "vitest";
import { addressText, contains, parseAddress, parseCidr } from "../../src/model/cidr.ts";

describe("the text of an address", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["2001:DB8:0:0:0:0:0:7", "2001:db8::7"],
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["1:0:0:2:3:0:0:4", "1::2:3:0:0:4"],
    ["1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"],
    ["0:0:2:3:4:5:6:7", "::2:3:4:5:6:7"],
    ["fd00::0:0", "fd00::"],
    ["10.0.0", undefined],
    [undefined, undefined],
  ])("%s is %s", (text, spelt) => expect(addressText(text)).toBe(spelt));
});

describe("addresses", () => {
  it("parses what is one and refuses what only looks like one", () => {
    expect([...parseAddress("192.0.2.7")!]).toEqual([192, 0, 2, 7]);
    expect([...parseAddress("::ffff:192.0.2.7")!]).toEqual([192, 0, 2, 7]);
    expect(parseAddress("2001:db8::1")).toHaveLength(16);
    expect(parseAddress("::")).toHaveLength(16);
    expect([...parseAddress("1:2:3:4:5:6:7:8")!.slice(0, 4)]).toEqual([0, 1, 0, 2]);
    for (const bad of [
      "256.1.1.1",
      "01.1.1.1",
      "1.1.1",
      "1.1.1.1.1",
      "",
      ":",
      ":::",
      "1::2::3",
      "12345::",
      "g::",
      "::1%eth0",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "::1.2.3.456",
    ]) {
      expect(parseAddress(bad), bad).toBeUndefined();
    }
  });

  it("knows which block holds which", () => {
    const holds = (block: string, address: string) => contains(parseCidr(block)!, parseAddress(address)!);
    expect(holds("10.0.0.0/8", "10.255.1.2")).toBe(true);
    expect(holds("10.0.0.0/8", "11.0.0.0")).toBe(false);
    expect(holds("10.1.128.0/17", "10.1.127.255")).toBe(false);
    expect(holds("0.0.0.0/0", "203.0.113.9")).toBe(true);
    expect(holds("10.0.0.0/8", "::ffff:10.1.2.3")).toBe(true);
    expect(holds("fd00::/8", "fd12::1")).toBe(true);
    expect(holds("fd00::/8", "10.0.0.1")).toBe(false);
    expect(holds("192.0.2.7", "192.0.2.7")).toBe(true);
    for (const bad of ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", "fd00::/129", "x/8"]) {
      expect(parseCidr(bad), bad).toBeUndefined();
    }
  });
});
