import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exchange, readReplies } from "../../tools/hostile/client.ts";
import { judge, meaningOf } from "../../tools/hostile/judge.ts";
import { type Behind, startBehind } from "./behind.ts";
import { VECTORS } from "./vectors.ts";

describe("requests that parsers have disagreed about", () => {
  let behind: Behind;
  beforeAll(async () => {
    behind = await startBehind();
  });
  afterAll(() => behind?.stop());

  /** Sends bytes; what came back, and what reached the pod meanwhile. */
  async function send(bytes: string) {
    const before = behind.recorder.arrivals.length;
    const reply = (await exchange(behind.port, bytes)) ?? "";
    return { reply, arrivals: behind.recorder.arrivals.slice(before) };
  }

  it.each(VECTORS)("$name", async ({ bytes, answers, reaches, by }) => {
    const { reply, arrivals } = await send(bytes);
    const methods = meaningOf(bytes).messages.map(({ method }) => method);
    expect(readReplies(reply, methods).map(({ status }) => status)).toEqual(answers);
    expect(arrivals.map(({ message: { method, target, body } }) => [method, target, body])).toEqual(reaches);
    expect(judge(bytes, arrivals, reply).outcome).not.toBe("desync");
    if (by !== undefined) expect(reply.includes("application/problem+json") ? "edge" : "runtime").toBe(by);
    expect(reply).not.toContain("smuggled");
    // The pool of connections is sound: the next request gets its own answer.
    const next = await send(`GET /next HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(readReplies(next.reply, [])).toEqual([{ status: 200, body: "GET /next" }]);
    expect(behind.recorder.faults).toEqual([]);
    // A body that breaks may have begun to flow; its connection ends with it, and nobody takes it for a whole one.
    for (const cut of behind.recorder.cuts.splice(0)) {
      expect([by, cut.endsWith("0\r\n\r\n")]).toEqual(["edge", false]);
      expect(bytes).toMatch(/chunked|Content-Length: 50/);
    }
  });

  it("what reaches the pod claims nothing of a client, and keeps its bytes", async () => {
    const seen = async (name: string) => {
      const { bytes } = VECTORS.find((vector) => vector.name === name)!;
      const [arrival] = (await send(bytes)).arrivals;
      return Object.fromEntries(arrival!.message.fields);
    };
    const told = { "x-forwarded-for": "127.0.0.1", "x-forwarded-host": "a", "x-forwarded-proto": "http" };
    for (const name of ["identity headers that Connection names", "addresses that a client claims"]) {
      const fields = await seen(name);
      expect(fields).toEqual({
        ...told,
        host: new URL(behind.recorder.url).host,
        "cdn-loop": fields["cdn-loop"],
      });
    }
    expect(await seen("a trailer that claims an address")).toMatchObject(told);
    expect((await seen("two Cookie headers")).cookie).toBe("a=1; b=2");
    expect(await seen("bytes that are no ASCII")).toMatchObject({ "x-a": "\xe9\xff", cookie: "n=\xc3\xa9" });
    // The runtime drops the url's own authority before any JavaScript runs; docs/http-limits.md says so.
    expect(await seen("an absolute url")).toMatchObject(told);
  });

  it("the docs list exactly what the runtime and the edge refuse", () => {
    const rows = (who: "runtime" | "edge") =>
      VECTORS.filter(({ by }) => by === who).map(
        ({ name, answers }) => `| ${name} | ${answers[0] ?? "closes"} | ${who} |`,
      );
    const docs = readFileSync(new URL("../../docs/http-limits.md", import.meta.url), "utf8");
    const listed = docs.split("\n").filter((line) => /^\| .* \| (?:runtime|edge) \|$/.test(line));
    expect(listed).toEqual([...rows("runtime"), ...rows("edge")]);
  });
});
