import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exchange } from "../../tools/hostile/client.ts";
import { type Behind, startBehind } from "./behind.ts";

/** The pod's headers are made of a record of the client's, and records have names of their own. */
describe("fields of strange names", () => {
  let behind: Behind;
  beforeAll(async () => {
    behind = await startBehind();
  });
  afterAll(() => behind?.stop());

  /** The header lines that the pod gets of a GET with these, but for Host and what the edge adds. */
  async function seen(...lines: readonly string[]): Promise<string[]> {
    const before = behind.recorder.connections.map((text) => text.length);
    const bytes = ["GET / HTTP/1.1", "Host: a", ...lines, "", ""].join("\r\n");
    expect(await exchange(behind.port, bytes)).toMatch(/^HTTP\/1\.1 200 /);
    const got = behind.recorder.connections.map((text, i) => text.slice(before[i] ?? 0)).join("");
    return got
      .split("\r\n")
      .slice(1, -2)
      .filter((line) => !/^(host|x-forwarded-\w+|cdn-loop|connection):/i.test(line))
      .map((line) => line.toLowerCase())
      .sort();
  }

  it("pass as any other: those of what every object has, and numbers", async () => {
    const names = [
      "constructor",
      "hasownproperty",
      "tostring",
      "valueof",
      "isprototypeof",
      "prototype",
      "0",
      "10",
      "9",
      "length",
      "get",
      "1e3",
      "-1",
      "~",
      "'",
    ];
    const lines = names.map((name, i) => `${name}: ${i}`);
    expect(await seen(...lines)).toEqual([...lines].sort());
    expect(await seen(...lines, "x-a: \xe9")).toEqual([...lines, "x-a: \xe9"].sort());
  });

  it("make no prototype of their value", async () => {
    for (const name of ["__proto__", "__PROTO__", "__defineGetter__"]) {
      const left = await seen(`${name}: 1`, "a: 2");
      expect(
        left.filter((line) => !line.startsWith("__definegetter__")),
        name,
      ).toEqual(["a: 2"]);
    }
  });

  it("go where Connection names them", async () => {
    const names = [
      "constructor",
      "tostring",
      "__proto__",
      "host",
      "0",
      "cookie",
      "set-cookie",
      "content-length",
    ];
    expect(
      await seen(
        `Connection: ${names.join(", ")}`,
        "constructor: 1",
        "toString: 2",
        "0: 3",
        "Cookie: a=1",
        "Set-Cookie: b=2",
        "c: 4",
      ),
    ).toEqual(["c: 4"]);
  });

  it("lose no line of those that came twice", async () => {
    expect(await seen("a: 1", "A: 2", "a:")).toEqual(["a: 1, 2,"]);
    // Two were one, the last.
    for (const more of [[], ["x-a: \xe9"]]) {
      const lines = ["set-cookie: a=1", "set-cookie: b=2", ...more];
      expect(await seen(...lines)).toEqual(lines);
    }
    expect(await seen("Cookie: a=1", "Cookie: b=2", "x: \xe9\xff\x80")).toEqual([
      "cookie: a=1; b=2",
      "x: \xe9\xff\x80",
    ]);
  });
});
