/** A raw request, and what must become of it. Latin-1, a byte is a letter. */
export interface Vector {
  readonly name: string;
  readonly bytes: string;
  /** Statuses of the answers, in order. */
  readonly answers: readonly number[];
  /** Method, target and body of what reaches the pod; nothing when refused. */
  readonly reaches: readonly (readonly [method: string, target: string, body: string])[];
  /** Who refuses it; the runtime does so before any JavaScript runs. */
  readonly by?: "runtime" | "edge";
}

const CHUNKED = "Transfer-Encoding: chunked";
const lines = (...parts: readonly string[]) => `${parts.join("\r\n")}\r\n`;
const get = (...more: readonly string[]) => lines("GET /x HTTP/1.1", "Host: a", ...more, "");
const post = (body: string, ...more: readonly string[]) =>
  lines("POST /x HTTP/1.1", "Host: a", ...more, "") + body;
const chunkedGet = (body: string) => get(CHUNKED) + body;
const asked = (line: string) => lines(line, "Host: a", "");
const EMPTY = "0\r\n\r\n";

const runtime = (name: string, bytes: string, ...answers: readonly number[]): Vector => ({
  name,
  bytes,
  answers,
  reaches: [],
  by: "runtime",
});
const edge = (name: string, bytes: string, status: number): Vector => ({
  name,
  bytes,
  answers: [status],
  reaches: [],
  by: "edge",
});
const passes = (name: string, bytes: string, ...reaches: Vector["reaches"]): Vector => ({
  name,
  bytes,
  answers: reaches.map(() => 200),
  reaches,
});
const GET_X = ["GET", "/x", ""] as const;
const POST_X = ["POST", "/x", ""] as const;

/** Requests that parsers have disagreed about (RFC 9110, 9112, and holes that other balancers had). */
export const VECTORS: readonly Vector[] = [
  // The length does not count, and the connection ends: what follows is nobody's.
  passes(
    "a length beside chunked, and a request behind the last chunk",
    post(`${EMPTY}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`, CHUNKED, "Content-Length: 31"),
    POST_X,
  ),
  runtime("two lengths that differ", post("helloX", "Content-Length: 5", "Content-Length: 6"), 400),
  passes("the same length twice", post("hello", "Content-Length: 5", "Content-Length: 5"), [
    "POST",
    "/x",
    "hello",
  ]),
  runtime("a length with a plus", post("hello", "Content-Length: +5"), 400),
  runtime("a negative length", post("hello", "Content-Length: -5"), 400),
  runtime("a length in hexadecimal", post("hello", "Content-Length: 0x5"), 400),
  runtime("an empty length (CVE-2023-40225)", post("hello", "Content-Length: "), 400),
  runtime(
    "an empty length before another (CVE-2023-40225)",
    post("hello", "Content-Length:", "Content-Length: 5"),
    400,
  ),
  runtime("a length past 64 bits", post("hello", "Content-Length: 18446744073709551621"), 400),
  runtime("a length with an underscore", post("hello", "Content-Length: 1_0"), 400),
  runtime("a blank before the colon of Transfer-Encoding", post(EMPTY, "Transfer-Encoding : chunked"), 400),
  passes("a tab before chunked", post(EMPTY, "Transfer-Encoding:\tchunked"), POST_X),
  runtime("an unknown coding", post(EMPTY, "Transfer-Encoding: xchunked"), 400),
  edge("chunked twice", post(EMPTY, "Transfer-Encoding: chunked, chunked"), 501),
  runtime(
    "the coding identity beside a length",
    post("hello", "Transfer-Encoding: identity", "Content-Length: 5"),
    400,
  ),
  edge("gzip before chunked", post(EMPTY, "Transfer-Encoding: gzip, chunked"), 501),
  runtime("chunked in quotes", post(EMPTY, 'Transfer-Encoding: "chunked"'), 400),
  runtime(
    "chunked in HTTP/1.0 (CVE-2026-2835)",
    lines("POST /x HTTP/1.0", "Host: a", CHUNKED, "") + EMPTY,
    400,
  ),
  runtime("a folded header", get("X-A: b\r\n c"), 400),
  runtime("a folded Transfer-Encoding", post(EMPTY, "Transfer-Encoding:\r\n chunked"), 400),
  passes("lines that end in LF alone", "GET /x HTTP/1.1\nHost: a\n\n", GET_X),
  runtime("NUL in a value", get("X-A: a\0b"), 400),
  runtime("an empty header name (CVE-2023-25725)", get(": x"), 400),
  runtime("a blank in a header's name", get("X A: x"), 400),
  runtime("a header without a colon", get("XAx"), 400),
  edge("a negative chunk", post(`-1\r\nx\r\n${EMPTY}`, CHUNKED), 400),
  edge("a chunk past 64 bits", post(`10000000000000000f\r\nx\r\n${EMPTY}`, CHUNKED), 400),
  edge("a chunk's size that ends in LF alone", post(`1\nx\r\n${EMPTY}`, CHUNKED), 400),
  edge("a chunk longer than it says", post(`1\r\nxXX${EMPTY}`, CHUNKED), 400),
  passes(
    "a trailer that claims an address",
    post("1\r\nx\r\n0\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n", CHUNKED),
    ["POST", "/x", "x"],
  ),
  edge("two Hosts", get("Host: b"), 400),
  runtime("no Host", "GET /x HTTP/1.1\r\n\r\n", 400),
  edge("a Host with an @", lines("GET /x HTTP/1.1", "Host: a@b", ""), 400),
  edge("a Host with a slash", lines("GET /x HTTP/1.1", "Host: a/b", ""), 400),
  edge("a Host with a blank", lines("GET /x HTTP/1.1", "Host: a b", ""), 400),
  passes("an absolute url", asked("GET http://evil.example/x HTTP/1.1"), GET_X),
  runtime("a target that begins with an @", asked("GET @evil.example/x HTTP/1.1"), 400),
  edge("a dot segment", asked("GET /a/../admin HTTP/1.1"), 400),
  edge("backslashes", asked("GET /a\\..\\admin HTTP/1.1"), 400),
  passes("an encoded line end", asked("GET /a%0d%0aX:%201 HTTP/1.1"), ["GET", "/a%0d%0aX:%201", ""]),
  passes("an encoded slash", asked("GET /a%2fb HTTP/1.1"), ["GET", "/a%2fb", ""]),
  passes("a fragment", asked("GET /x#frag HTTP/1.1"), GET_X),
  edge("OPTIONS *", asked("OPTIONS * HTTP/1.1"), 400),
  runtime("CONNECT", lines("CONNECT evil.example:443 HTTP/1.1", "Host: evil.example:443", ""), 500),
  edge("TRACE", lines("TRACE /x HTTP/1.1", "Host: a", "Cookie: secret=1", ""), 405),
  runtime("a method in lower case", asked("get /x HTTP/1.1"), 501),
  runtime("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  runtime("HTTP/0.9", "GET /x\r\n\r\n", 400),
  runtime("HTTP/1.2", asked("GET /x HTTP/1.2"), 400),
  runtime("HTTP/3.0", asked("GET /x HTTP/3.0"), 400),
  passes(
    "identity headers that Connection names",
    get("X-Forwarded-For: 1.2.3.4", "X-Real-IP: 1.2.3.4", "Connection: close, X-Forwarded-For, X-Real-IP"),
    GET_X,
  ),
  passes("a GET with a body", `${get("Content-Length: 5")}hello`, ["GET", "/x", "hello"]),
  passes("a HEAD with a body", `${lines("HEAD /x HTTP/1.1", "Host: a", "Content-Length: 5", "")}hello`, [
    "HEAD",
    "/x",
    "hello",
  ]),
  edge("a GET with a chunked body, which the runtime would drop", chunkedGet("5\r\nhello\r\n0\r\n\r\n"), 411),
  passes("a GET with a chunked body that is empty", chunkedGet(EMPTY), GET_X),
  edge("a GET with a chunked body that breaks", chunkedGet("ZZ\r\n"), 400),
  edge("a GET whose body ends early", `${get("Content-Length: 50")}hello`, 400),
  edge("a POST whose body ends early", post("hello", "Content-Length: 50"), 400),
  passes("Expect", post("hello", "Expect: 100-continue", "Content-Length: 5"), ["POST", "/x", "hello"]),
  passes(
    "two requests at once",
    asked("GET /a HTTP/1.1") + asked("GET /b HTTP/1.1"),
    ["GET", "/a", ""],
    ["GET", "/b", ""],
  ),
  passes("two Cookie headers", get("Cookie: a=1", "Cookie: b=2"), GET_X),
  passes("bytes that are no ASCII", get("X-A: \xe9\xff", "Cookie: n=\xc3\xa9"), GET_X),
  passes(
    "addresses that a client claims",
    get("CF-Connecting-IP: 6.6.6.6", "True-Client-IP: 6.6.6.6", "Forwarded: for=6.6.6.6", "CF-Worker: x"),
    GET_X,
  ),
  edge("a url of 16 KB", asked(`GET /${"a".repeat(16_000)} HTTP/1.1`), 414),
  runtime("a url of 70 KB", asked(`GET /${"a".repeat(70_000)} HTTP/1.1`), 414),
  edge("a header of 60 KB", get(`X-B: ${"b".repeat(60_000)}`), 431),
  edge("a header of 140 KB", get(`X-B: ${"b".repeat(140_000)}`), 431),
];
