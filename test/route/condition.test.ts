import { describe, expect, it } from "vitest";
import type { Condition, Match } from "../../src/model/snapshot.ts";
import { conditionsOf, Subject } from "../../src/route/condition.ts";

type Written = Partial<Condition> & { name: string };
type Request = { method?: string; host?: string; query?: string; headers?: readonly [string, string][] };

/** The words of the first condition that does not fit; undefined: all do. */
function failing(
  match: Partial<Omit<Match, "headers" | "query">> & { headers?: Written[]; query?: Written[] },
  { method = "GET", host = "shop.test", query = "", headers = [] }: Request = {},
): string | undefined {
  const whole = (all: Written[] = []) => all.map((one) => ({ not: false, ...one }));
  const { methods = [], headers: fields, query: parameters } = match;
  const conditions = conditionsOf({ methods, headers: whole(fields), query: whole(parameters) });
  const request = { method, url: `http://${host}/x${query}`, headers: new Headers([...headers]) };
  return conditions.words[conditions.failing(new Subject(host, request))];
}
const header = (condition: Written, ...headers: [string, string][]) =>
  failing({ headers: [condition] }, { headers }) === undefined;
const parameter = (condition: Written, query: string) =>
  failing({ query: [condition] }, { query }) === undefined;

describe("a condition of a header", () => {
  it.each<[Written, [string, string][], boolean]>([
    [{ name: "x-user", value: "alice" }, [["X-User", "alice"]], true],
    [{ name: "x-user", value: "alice" }, [["X-USER", " alice\t"]], true],
    [{ name: "x-user", value: "alice" }, [["x-user", "Alice"]], false],
    [{ name: "x-user", value: "alice" }, [], false],
    [{ name: "x-user", value: "" }, [["x-user", ""]], true],
    [{ name: "x-user", value: "" }, [], false],
    [{ name: "x-user" }, [["x-user", ""]], true],
    [{ name: "x-user" }, [["x-users", "a"]], false],
    [{ name: "x-user", prefix: "al" }, [["x-user", "alice"]], true],
    [{ name: "x-user", prefix: "al" }, [["x-user", "mal"]], false],
    [{ name: "x-user", pattern: "li" }, [["x-user", "alice"]], true],
    [{ name: "x-user", pattern: "^li" }, [["x-user", "alice"]], false],
    [{ name: "x-user", pattern: "^(?i)ALICE$" }, [["x-user", "alice"]], true],
    // Lines of one name are one value.
    [
      { name: "x-user", value: "a, b" },
      [
        ["x-user", "a"],
        ["X-User", "b"],
      ],
      true,
    ],
    [
      { name: "x-user", value: "a" },
      [
        ["x-user", "a"],
        ["x-user", "b"],
      ],
      false,
    ],
    [{ name: "__proto__" }, [], false],
    [{ name: "__proto__", value: "1" }, [["__PROTO__", "1"]], true],
    [{ name: "constructor" }, [], false],
    // Turned it fits what is not there, too.
    [{ name: "x-user", value: "alice", not: true }, [["x-user", "alice"]], false],
    [{ name: "x-user", value: "alice", not: true }, [["x-user", "bob"]], true],
    [{ name: "x-user", value: "alice", not: true }, [], true],
    [{ name: "x-user", pattern: "^a", not: true }, [["x-user", "alice"]], false],
    [{ name: "x-user", not: true }, [], true],
    [{ name: "x-user", not: true }, [["x-user", ""]], false],
  ])("%j of %j: %s", (condition, headers, expected) => {
    expect(header(condition, ...headers)).toBe(expected);
  });

  it("asks the request for its host, and not a header of the name", () => {
    const host = (condition: Partial<Condition>, host: string) =>
      failing({ headers: [{ name: "host", ...condition }] }, { host, headers: [["host", "else.test:80"]] });
    expect(host({ value: "shop.test" }, "shop.test")).toBeUndefined();
    expect(host({ value: "shop.test" }, "shop.test.")).toBeUndefined();
    expect(host({ prefix: "shop." }, "shop.test")).toBeUndefined();
    expect(host({ pattern: "^else" }, "shop.test")).toBe("header host~^else");
  });
});

describe("a condition of the query", () => {
  it.each<[Written, string, boolean]>([
    [{ name: "user", value: "alice" }, "?user=alice", true],
    [{ name: "user", value: "alice" }, "?a=b&user=alice&user=bob", true],
    // The first of several counts, whichever it is.
    [{ name: "user", value: "alice" }, "?user=bob&user=alice", false],
    [{ name: "user", value: "alice" }, "?User=alice", false],
    [{ name: "user", value: "alice" }, "", false],
    [{ name: "user", value: "alice" }, "?xuser=alice&user.=alice", false],
    [{ name: "user", value: "a b&c=d" }, "?%75ser=a%20b%26c%3Dd", true],
    [{ name: "user", value: "a b" }, "?user=a+b", true],
    [{ name: "user", value: "ä" }, "?user=%C3%A4", true],
    [{ name: "ä" }, "?%c3%a4", true],
    // What encodes nothing stands for itself, and what is no UTF-8 is no reason to fail.
    [{ name: "user", value: "%zz" }, "?user=%zz", true],
    [{ name: "user", value: "\ufffd" }, "?user=%ff", true],
    [{ name: "user", value: "" }, "?user", true],
    [{ name: "user", value: "" }, "?user=&user=x", true],
    [{ name: "user" }, "?user", true],
    [{ name: "user" }, "?users=1", false],
    [{ name: "?user" }, "??user=1", true],
    [{ name: "user", prefix: "al" }, "?user=alice", true],
    [{ name: "user", pattern: "^\\d+$" }, "?user=12", true],
    [{ name: "user", pattern: "^\\d+$" }, "?user=12x", false],
    [{ name: "__proto__" }, "?a=b", false],
    [{ name: "__proto__", value: "1" }, "?__proto__=1", true],
    [{ name: "toString" }, "", false],
    [{ name: "user", value: "alice", not: true }, "", true],
    [{ name: "user", value: "alice", not: true }, "?user=alice", false],
    [{ name: "user", not: true }, "?user", false],
  ])("%j of %j: %s", (condition, query, expected) => {
    expect(parameter(condition, query)).toBe(expected);
  });
});

describe("conditions", () => {
  it("of the method have its case, and GET is not HEAD", () => {
    const fits = (method: string) => failing({ methods: ["GET", "PROPFIND"] }, { method }) === undefined;
    expect(["GET", "PROPFIND", "HEAD", "get", "GETX", ""].map(fits)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  it("must all fit, and the first that does not is named", () => {
    const match = {
      methods: ["GET", "POST"],
      headers: [
        { name: "x-user", prefix: "al" },
        { name: "x-user", value: "alan", not: true },
      ],
      query: [
        { name: "beta", pattern: "^1$" },
        { name: "old", not: true },
      ],
    };
    const good: Request = { query: "?beta=1", headers: [["x-user", "alice"]] };
    expect(failing(match, good)).toBeUndefined();
    expect(failing(match, { ...good, method: "PUT" })).toBe("method GET|POST");
    expect(failing(match, { ...good, headers: [] })).toBe("header x-user^=al");
    expect(failing(match, { ...good, headers: [["x-user", "alan"]] })).toBe("not header x-user=alan");
    expect(failing(match, { ...good, query: "?beta=11" })).toBe("query beta~^1$");
    expect(failing(match, { ...good, query: "?old&beta=1" })).toBe("not query old");
  });

  it("read no header and no query that none asks for", () => {
    const request = {
      method: "PUT",
      get url(): string {
        throw new Error("the url was read");
      },
      headers: {
        get(): string {
          throw new Error("a header was read");
        },
      },
    };
    const conditions = conditionsOf({ methods: ["GET"], headers: [{ name: "a", not: false }], query: [] });
    expect(conditions.failing(new Subject("h", request))).toBe(0);
  });

  it("of sixteen patterns that would backtrack elsewhere are decided on the longest values that there are", () => {
    const text = "a".repeat(32_000);
    const patterns = Array.from({ length: 16 }, (_, i) => ({
      name: "x",
      pattern: `^(a+)+(a|aa)*(?:${i})?$`,
    }));
    const request = (end: string): Request => ({ query: `?x=${text}${end}`, headers: [["x", text + end]] });
    expect(failing({ headers: patterns, query: patterns }, request(""))).toBeUndefined();
    expect(failing({ headers: patterns, query: patterns }, request("!"))).toBe(
      "header x~^(a+)+(a|aa)*(?:0)?$",
    );
  });
});
