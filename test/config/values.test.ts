import { describe, expect, it } from "vitest";
import { formatDuration, parseDuration } from "../../src/affinity/duration.ts";
import { Fault } from "../../src/affinity/option.ts";
import { isForbidden, isSelf } from "../../src/config/forbidden.ts";
import { overlap, parseHost } from "../../src/config/host.ts";
import { distance, nearest } from "../../src/config/nearest.ts";
import { parsePath } from "../../src/config/path.ts";
import { formatPercent, parsePercent } from "../../src/config/percent.ts";
import { parseUrl } from "../../src/config/url.ts";
import { seeded } from "../support/seeded.ts";

describe("durations", () => {
  it.each([
    ["250ms", 250],
    ["5s", 5000],
    ["10m", 600_000],
    ["12h", 43_200_000],
    ["1h30m", 5_400_000],
    ["7d", 604_800_000],
    ["1d2h3m4s5ms", 93_784_005],
    ["0s", 0],
    ["90s", 90_000],
  ])("%s", (text, milliseconds) => expect(parseDuration(text)).toBe(milliseconds));

  it.each(["", "5", "s", "1.5h", "-5s", "5 s", "1m1h", "5S", "1s1s", "5sec", "٥s", "99999999999999s"])(
    "%j is refused",
    (text) => expect(parseDuration(text)).toBeInstanceOf(Fault),
  );

  it("come back as they were written out", () => {
    const chance = seeded(1);
    for (let i = 0; i < 2000; i++) {
      const milliseconds = Math.floor(chance.fraction() * 10 ** chance.below(13));
      expect(parseDuration(formatDuration(milliseconds))).toBe(milliseconds);
    }
  });
});

describe("percents", () => {
  it.each([
    ["50%", 0.5],
    ["0%", 0],
    ["100%", 1],
    ["0.5%", 0.005],
  ])("%s", (text, fraction) => expect(parsePercent(text)).toBe(fraction));

  it.each(["", "50", "%", "101%", "100.1%", "-1%", "50 %", "1e1%", ".5%", "5.%"])("%j is refused", (text) =>
    expect(parsePercent(text)).toBeInstanceOf(Fault),
  );

  it("come back as they were written out", () => {
    for (let i = 0; i <= 10_000; i++) {
      const fraction = parsePercent(`${i / 100}%`);
      expect(fraction).not.toBeInstanceOf(Fault);
      expect(parsePercent(formatPercent(fraction as number))).toBe(fraction);
    }
  });
});

describe("paths", () => {
  it.each([
    ["/", "/"],
    ["/a/", "/a"],
    ["/a/b", "/a/b"],
    ["/%61%2d%7E", "/a-~"],
    ["/%2f%c3%a4", "/%2F%C3%A4"],
    ["/ä", "/%C3%A4"],
    ["/a;b=1,2", "/a;b=1,2"],
    ["/.well-known", "/.well-known"],
  ])("%s → %s", (text, path) => expect(parsePath(text)).toBe(path));

  it.each([
    "",
    "a",
    "/.",
    "/a/..",
    "/%2e%2E/a",
    "/%",
    "/%4",
    "/a?",
    "/a#",
    "/a\tb",
    "/a\nb",
    "/\\a",
    "/\ud800",
  ])("%j is refused", (text) => expect(parsePath(text)).toBeInstanceOf(Fault));

  it("a normal form stays as it is", () => {
    const chance = seeded(2);
    for (let i = 0; i < 2000; i++) {
      const text = `/${String.fromCharCode(...Array.from({ length: 8 }, () => 33 + chance.below(400)))}`;
      const path = parsePath(text);
      if (typeof path === "string") expect(parsePath(path)).toBe(path);
    }
  });
});

describe("hosts", () => {
  it.each([
    ["*", "*"],
    ["Shop.Example.COM", "shop.example.com"],
    ["*.Example.com", "*.example.com"],
    ["example.com.", "example.com"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["a_b.example", "a_b.example"],
    ["127.0.0.1", "127.0.0.1"],
    ["[::1]", "[::1]"],
    ["localhost", "localhost"],
  ])("%s → %s", (text, host) => expect(parseHost(text)).toBe(host));

  it.each(["", ".", "a..b", "a b", "a/b", "a@b", "a:80", "**", "a%20b", "-", "[::1", "*.[::1]", "a,b"])(
    "%j is refused",
    (text) => expect(parseHost(text)).toBeInstanceOf(Fault),
  );

  it.each([
    ["*", "a", true],
    ["a", "a", true],
    ["a", "b", false],
    ["*.a", "b.a", true],
    ["*.a", "a", false],
    ["*.a", "*.b.a", true],
    ["*.a", "*.b", false],
    ["*.a", "ba", false],
  ])("%s and %s overlap: %s", (a, b, both) => {
    expect(overlap(a, b)).toBe(both);
    expect(overlap(b, a)).toBe(both);
  });
});

describe("urls", () => {
  it.each([
    ["http://127.0.0.1:9001", "http://127.0.0.1:9001", "127.0.0.1:9001", ""],
    ["http://A.Example:80/", "http://a.example", "a.example", ""],
    ["HTTPS://a:443/Base/", "https://a/Base", "a", "/Base"],
    ["https://a:80/b/c", "https://a:80/b/c", "a:80", "/b/c"],
    ["http://[FD00::1]:8080", "http://[fd00::1]:8080", "[fd00::1]:8080", ""],
    ["http://10.1.2.3", "http://10.1.2.3", "10.1.2.3", ""],
    ["http://0x7f.1:81", "http://127.0.0.1:81", "127.0.0.1:81", ""],
  ])("%s", (text, url, authority, basePath) => expect(parseUrl(text)).toEqual({ url, authority, basePath }));

  it.each([
    "",
    "a",
    "//a",
    "ftp://a",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "http:a",
    "http:///a",
    "http://",
    "http://@a",
    "http://u@a",
    "http://u:p@a",
    "http://a?",
    "http://a/#",
    "http://a:0",
    "http://a:65536",
    "http://a:x",
    "http://a b",
    " http://a",
    "http://a\\b",
    "http://a/\n",
    "http://a/../b",
    "http://a/%2e%2e",
    "http://[::1",
    "http://[fe80::1%25eth0]",
    "http://1.2.3.256",
  ])("%j is refused", (text) => expect(parseUrl(text)).toBeInstanceOf(Fault));
});

describe("forbidden addresses", () => {
  it.each([
    "169.254.169.254",
    "169.254.0.1",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "0xa9.254.43518",
    "169.254.169.254.",
    "１６９.254.169.254",
    "%31%36%39.254.169.254",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "[fe80::1]",
    "[febf::1]",
    "[fd00:ec2::254]",
    "[fd20:ce::254]",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[::a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:a9fe:a9fe::1]",
    "metadata.google.internal",
    "METADATA.google.internal.",
    "metadata",
    "instance-data",
  ])("%s", (host) => {
    expect(isForbidden(new URL(`http://${host}/`).hostname)).toBe(true);
    const fault = parseUrl(`http://${host}/`);
    expect(fault).toBeInstanceOf(Fault);
    expect((fault as Fault).message).toMatch(/link-local or metadata/);
  });

  it.each([
    "127.0.0.1",
    "10.0.0.1",
    "192.168.1.1",
    "169.253.0.1",
    "[::1]",
    "[fec0::1]",
    "[fd00::1]",
    "localhost",
    "a",
  ])("%s is fine", (host) => expect(isForbidden(new URL(`http://${host}/`).hostname)).toBe(false));
});

describe("the edge itself", () => {
  it.each([
    ["http://127.0.0.1:8787", "127.0.0.1:8787", true],
    ["http://localhost:8787/base", "127.0.0.1:8787", true],
    ["http://[::1]:8787", "localhost:8787", true],
    ["http://0.0.0.0:8787", "127.0.0.1:8787", true],
    ["http://a.localhost:8787", "127.0.0.1:8787", true],
    ["http://127.0.0.1:8788", "127.0.0.1:8787", false],
    ["http://10.0.0.1:8787", "127.0.0.1:8787", false],
    ["https://edge.example.com", "edge.example.com", true],
    ["http://EDGE.example.com.", "edge.example.com", true],
    ["http://edge.example.com:8080", "edge.example.com", false],
    ["http://edge.example.com", "edge.example.com:80", true],
    ["https://edge.example.com", "edge.example.com:80", false],
    ["http://a", "not an authority", false],
  ])("%s for %s: %s", (url, authority, self) => expect(isSelf(new URL(url), authority)).toBe(self));
});

describe("nearest", () => {
  it.each([
    ["", "", 0],
    ["abc", "", 3],
    ["kitten", "sitting", 3],
    ["pdos", "pods", 1],
    ["ca", "abc", 3],
  ])("%j to %j takes %i edits", (a, b, edits) => {
    expect(distance(a, b)).toBe(edits);
    expect(distance(b, a)).toBe(edits);
  });

  it("finds what was meant, and nothing far off", () => {
    const known = ["policy", "pods", "affinity", "tableBits"];
    expect(nearest("polici", known)).toBe("policy");
    expect(nearest("tablebits", known)).toBe("tableBits");
    expect(nearest("zzz", known)).toBeUndefined();
    expect(nearest("p".repeat(100_000), known)).toBeUndefined();
  });
});
