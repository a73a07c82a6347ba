import { describe, expect, it } from "vitest";
import { readFields } from "../../src/route/fields.ts";

describe("the fields of a request", () => {
  it("answers as Headers.get would, whatever the spelling and however often a header came", () => {
    const from = new Headers([
      ["HOST", "shop.test"],
      ["Cookie", "a=1"],
      ["cookie", "b=2"],
      ["Connection", "keep-alive"],
      ["accept", "*/*"],
      ["transfer-encoding", "chunked"],
      ["cdn-loop", "a"],
      ["upgrade", "h2c"],
    ]);
    expect(readFields(from, false)).toEqual({
      host: from.get("host"),
      cookie: from.get("cookie"),
      connection: "keep-alive",
      upgrade: "h2c",
      coding: "chunked",
      loop: "a",
      count: 7,
      size: [...from].reduce((sum, [name, value]) => sum + `${name}: ${value}\r\n`.length, 0),
      dropped: undefined,
      passing: {
        accept: "*/*",
        "cdn-loop": "a",
        cookie: from.get("cookie"),
        "transfer-encoding": "chunked",
        upgrade: "h2c",
      },
      foreign: false,
    });
  });

  it("says null of what did not come", () => {
    expect(readFields(new Headers(), false)).toEqual({
      host: null,
      cookie: null,
      connection: null,
      upgrade: null,
      coding: null,
      loop: null,
      count: 0,
      size: 0,
      dropped: undefined,
      passing: {},
      foreign: false,
    });
  });

  it("names what no pod may see, whatever letter it begins with", () => {
    const forged = [
      "__proto__",
      "cf-ray",
      "cdn_loop",
      "cf_ray",
      "content_length",
      "forwarded",
      "http2-settings",
      "http2.settings",
      "keep.alive",
      "proxy",
      "proxy-authorization",
      "proxy-connection",
      "trailer",
      "transfer_encoding",
      "true-client-ip",
      "x-client-ip",
      "x-cluster-client-ip",
      "x-forwarded-port",
      "x-original-forwarded-for",
      "x-real-ip",
      "x_real.ip",
    ];
    const honest = [
      "accept",
      "cookie",
      "connection",
      "host",
      "keep-alive",
      "proxies",
      "range",
      "te",
      "x-request-id",
    ];
    const from = new Headers([...forged, ...honest].map((name) => [name, "1"] as [string, string]));
    expect(readFields(from, false).dropped?.toSorted()).toEqual(forged.toSorted());
    const passing = honest.filter((name) => name !== "host" && name !== "connection");
    expect(Object.keys(readFields(from, false).passing).toSorted()).toEqual(passing.toSorted());
    expect(readFields(from, true).dropped).not.toContain("cf-ray");
    expect(readFields(from, true).dropped).toContain("cf_ray");
  });
});
