import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { campaign, caseOf } from "../../tools/hostile/campaign.ts";
import { judge } from "../../tools/hostile/judge.ts";
import { type Message, readRequest } from "../../tools/hostile/message.ts";
import { type Behind, startBehind } from "./behind.ts";

describe("requests that are broken at random", () => {
  let behind: Behind;
  beforeAll(async () => {
    behind = await startBehind();
  });
  afterAll(() => behind?.stop());

  it("reach the pod as what was meant, or not at all", async () => {
    const { outcomes, desyncs, mutators } = await campaign(behind.port, behind.recorder, {
      seed: 1,
      mutations: 600,
    });
    expect(desyncs).toEqual([]);
    // Else it would have said nothing.
    expect(outcomes.forwarded).toBeGreaterThan(60);
    expect(outcomes.partly).toBeGreaterThan(10);
    expect(outcomes.refused).toBeGreaterThan(200);
    expect(outcomes.hung).toBe(0);
    for (const [name, { tried }] of Object.entries(mutators)) expect(tried, name).toBeGreaterThan(10);
  });

  it("are the same for a seed, wherever they run", () => {
    expect(caseOf(3, 7)).toEqual(caseOf(3, 7));
    expect(caseOf(3, 8).bytes).not.toBe(caseOf(3, 7).bytes.replaceAll("c3-7", "c3-8"));
    expect(caseOf(4, 7).bytes).not.toBe(caseOf(3, 7).bytes.replaceAll("c3-7", "c4-7"));
  });
});

describe("the judge", () => {
  const request = (target: string, ...lines: string[]) =>
    [`GET ${target} HTTP/1.1`, "Host: a", ...lines, "", ""].join("\r\n");
  const arrived = (bytes: string) => {
    const read = readRequest(bytes, 0, false);
    if (read === "more" || "fault" in read) throw new Error("no request");
    return { connection: 0, message: read.message };
  };
  const answered = (...bodies: string[]) =>
    bodies.map((body) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`).join("");
  const of = (bytes: string, arrivals: readonly string[], reply: string) =>
    judge(bytes, arrivals.map(arrived), reply).outcome;

  it("tells what a pod was asked for from what it was not", () => {
    const two = request("/a") + request("/b");
    expect(of(two, [request("/a"), request("/b")], answered("GET /a", "GET /b"))).toBe("forwarded");
    expect(of(two, [request("/a")], answered("GET /a"))).toBe("partly");
    expect(of(two, [], "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")).toBe("refused");
    expect(of(two, [request("/b"), request("/a")], "")).toBe("desync");
    expect(of(two, [request("/a"), request("/a")], "")).toBe("desync");
    expect(of(request("/a"), [request("/a", "X-Injected: 1")], "")).toBe("desync");
    expect(of(two, [request("/a"), request("/b")], answered("GET /b", "GET /a"))).toBe("desync");
    expect(of(request("/a", "Host: b"), [request("/a")], "")).toBe("desync");
  });

  it("takes no body for requests, and no request for a body", () => {
    const body = request("/smuggled");
    const post = (length: number) =>
      `POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n${body}`;
    expect(of(post(body.length), [post(body.length)], answered("POST /a"))).toBe("forwarded");
    expect(of(post(body.length), [post(0).slice(0, -body.length), body], "")).toBe("desync");
    expect(of(post(0), [post(0).slice(0, -body.length), body], "")).toBe("forwarded");
  });
});

describe("the letter of RFC 9112", () => {
  const strict = (bytes: string) => {
    const read = readRequest(bytes, 0, false);
    return read === "more" ? "more" : "fault" in read ? "fault" : read.message;
  };
  const message = (bytes: string): Message => {
    const read = strict(bytes);
    if (typeof read === "string") throw new Error(read);
    return read;
  };

  it("is what the pod of these tests takes, and nothing else", () => {
    const chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    expect(message(`${chunked}5;x=y\r\nhello\r\n0\r\nT: 1\r\n\r\n`).body).toBe("hello");
    expect(message("POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi").body).toBe("hi");
    expect(strict(`${chunked}5\r\nhel`)).toBe("more");
    const faults = [
      "GET / HTTP/1.1\nHost: a\n\n",
      "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
      "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.2\r\nHost: a\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      `${chunked}0x5\r\nhello\r\n0\r\n\r\n`,
      `${chunked}5\nhello\r\n0\r\n\r\n`,
      `${chunked}5\r\nhelloXX0\r\n\r\n`,
    ];
    for (const bytes of faults) expect(strict(bytes), JSON.stringify(bytes)).toBe("fault");
  });
});
