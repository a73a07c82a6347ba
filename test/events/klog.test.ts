import { describe, expect, it } from "vitest";
import { klogLine } from "../../src/events/klog.ts";
import { errorText, jsonLine, recordOf } from "../../src/events/record.ts";

const AT = Date.parse("2026-11-23T14:30:22.123Z");
const WRITER = { by: "coordinator", thread: 4711, number: 42 } as const;
/** As fluent-bit and others parse klog. */
const HEADER = /^([IWE])(\d{4} \d\d:\d\d:\d\d\.\d{6}) +(\d+) ([^ \]]+:\d+)\] (.*)$/s;

const rebound = (more: object = {}) =>
  recordOf({
    at: AT,
    kind: "session-rebound",
    fields: { pool: "web", from: "web-2", to: "web-0", cause: "pod-gone", sid: "ab", epoch: 2, ...more },
  });
const line = (more: object = {}) => klogLine(rebound(more), WRITER);

/** The pairs of a line, as a reader of klog's form takes them. */
function pairs(text: string): string[] {
  const [, , , , , rest = ""] = HEADER.exec(text)!;
  const pair = / ([a-z]+)=(?:"(?:[^"\\]|\\.)*"|[a-z0-9.-]+)/g;
  // Nothing but pairs is left behind the message.
  expect(rest.replace(/^"[A-Z][a-z ]+"/i, "").replace(pair, "")).toBe("");
  return [...rest.matchAll(pair)].map(([, key]) => key!);
}

describe("a line of klog's form", () => {
  it("is header, message and pairs: texts in quotes, numbers without", () => {
    expect(line()).toBe(
      'I1123 14:30:22.123000    4711 coordinator:42] "Rebound session" pool="web" from="web-2" to="web-0"' +
        ' cause="pod-gone" sid="ab" epoch=2',
    );
  });

  it("has the severity of its kind, and null where there is nothing to say", () => {
    const fields = { pool: "web", pod: "", state: "ready", deadline: null, who: "admin" };
    const given = klogLine(recordOf({ at: AT, kind: "order-given", fields }), WRITER);
    expect(given).toMatch(/^I.*pod="" state="ready" deadline=null who="admin"$/);
    const failed = klogLine(recordOf({ at: AT, kind: "heartbeat-failed", fields: { error: "x" } }), WRITER);
    expect(failed).toMatch(/^W/);
  });

  const hostile: [string, string, string][] = [
    ["a quote", 'a" cause="revoked', String.raw`"a\" cause=\"revoked"`],
    ["a backslash before the end", "a\\", String.raw`"a\\"`],
    [
      "an end of line",
      "a\nI1123 00:00:00.000000 1 edge:1] forged",
      String.raw`"a\nI1123 00:00:00.000000 1 edge:1] forged"`,
    ],
    ["both of them", "a\r\nb", String.raw`"a\r\nb"`],
    ["a tab", "a\tb", String.raw`"a\tb"`],
    ["what drives a terminal", "\u001b[2J\u0007\u0000", String.raw`"\x1b[2J\x07\x00"`],
    ["what C1 has of it", "\u0085\u009b31m", String.raw`"\u0085\u009b31m"`],
    ["other ends of line", "a\u2028b\u2029c", String.raw`"a\u2028b\u2029c"`],
    ["what turns the direction of text", "a\u202egnp.exe", String.raw`"a\u202egnp.exe"`],
    ["what is not seen", "a\u200bb\ufeffc", String.raw`"a\u200bb\ufeffc"`],
    ["a blank that is none", "a\u00a0b", String.raw`"a\u00a0b"`],
    ["an invisible tag", "a\u{e0041}b", String.raw`"a\U000e0041b"`],
    ["half a character", "a\ud800b", String.raw`"a\ufffdb"`],
    ["any other text as it is", "köln-東京-🚢 x", '"köln-東京-🚢 x"'],
  ];
  it.each(hostile)("keeps its pairs and its one line whatever a name holds: %s", (_, name, quoted) => {
    const text = line({ from: name });
    expect(text).toContain(` from=${quoted} to="web-0"`);
    expect(pairs(text)).toEqual(["pool", "from", "to", "cause", "sid", "epoch"]);
    const json = jsonLine(rebound({ from: name }));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
    expect(json).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e\u200b\ufeff]/);
    expect(JSON.parse(json).from).toBe(name);
  });

  it("holds no key that its kind has not, and each that it has", () => {
    const { at, severity, kind, message, ...rest } = rebound({ token: "secret", to: undefined });
    expect(Object.keys(rest)).toEqual(["pool", "from", "to", "cause", "sid", "epoch"]);
    expect(rest.to).toBe(null);
  });

  it("cuts a text that is longer than anybody reads", () => {
    expect(String(rebound({ from: "x".repeat(100_000) }).from)).toHaveLength(4001);
  });
});

describe("what an error says", () => {
  it.each([
    ["fetch failed: http://user:pass@10.1.2.3:9001/cart?a=b refused", "fetch failed: (address) refused"],
    ["connect ECONNREFUSED 10.1.2.3:9001", "connect ECONNREFUSED (address)"],
    ["connect to [fd00::1]:9001 failed", "connect to (address) failed"],
    ["pools.web.pods[0].id: it is missing", "pools.web.pods[0].id: it is missing"],
    ["no answer in 5000 ms", "no answer in 5000 ms"],
  ])("names no place: %s", (text, told) => {
    expect(errorText(new Error(text))).toBe(told);
    expect(errorText(text)).toBe(told);
  });
});
