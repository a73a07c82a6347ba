import { describe, expect, it } from "vitest";
import { learn } from "../../src/affinity/learn.ts";

const NOW = Date.UTC(2026, 0, 1);
const cookie = learn.options.parse({ cookie: "SESSIONID" });
const header = learn.options.parse({ header: "Mcp-Session-Id" });

function minted(...lines: string[]) {
  const headers = new Headers();
  for (const line of lines) headers.append("set-cookie", line);
  return learn.minted!(headers, NOW, cookie);
}

describe("what a response mints", () => {
  it("is the value of the cookie, whatever its attributes", () => {
    expect(minted("SESSIONID=abc; Path=/; HttpOnly")).toEqual({ key: "abc", gone: false });
    expect(minted("other=1", "SESSIONID=abc")).toEqual({ key: "abc", gone: false });
    expect(minted("SESSIONID=abc; Max-Age=3600; Expires=Thu, 01 Jan 1970 00:00:00 GMT")).toEqual({
      key: "abc",
      gone: false,
    });
  });

  it("is what the last line of that name says, as in a browser", () => {
    expect(minted("SESSIONID=old", "SESSIONID=new")).toEqual({ key: "new", gone: false });
    expect(minted("SESSIONID=abc", "SESSIONID=; Max-Age=0")).toEqual({ key: "", gone: true });
  });

  it.each([
    "SESSIONID=",
    "SESSIONID=abc; Max-Age=0",
    "SESSIONID=abc; max-age=-1",
    "SESSIONID=deleted; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
  ])("is taken back by %j", (line) => expect(minted(line)?.gone).toBe(true));

  it("is nothing without the cookie, or with one whose name is longer or of other case", () => {
    expect(minted()).toBeUndefined();
    expect(minted("SESSIONID2=abc")).toBeUndefined();
    expect(minted("sessionid=abc")).toBeUndefined();
    expect(minted("SESSIONID")).toBeUndefined();
  });

  it("is the value of a header", () => {
    const headers = new Headers({ "mcp-session-id": "m-1" });
    expect(learn.minted!(headers, NOW, header)).toEqual({ key: "m-1", gone: false });
    expect(learn.minted!(new Headers(), NOW, header)).toBeUndefined();
  });
});

describe("what a request brings", () => {
  it("is the same value, by cookie or header", () => {
    const headers = new Headers({ cookie: "a=1; SESSIONID=abc", "mcp-session-id": "m-1" });
    const asked = { headers, query: "", ip: undefined };
    expect(learn.key!(asked, cookie)).toBe("abc");
    expect(learn.key!(asked, header)).toBe("m-1");
  });
});
