import type { Dice } from "./dice.ts";
import { another, chunked, type Draft } from "./draft.ts";
import {
  CODINGS,
  HOSTS,
  IDENTITY,
  LENGTHS,
  METHODS,
  NAMED,
  SIZES,
  SPELLINGS,
  TRAILERS,
  VALUES,
  VERSIONS,
} from "./spellings.ts";

/** Changes a request in one way. */
export type Mutator = (made: Draft, dice: Dice) => void;

/** The line of a header that frames the message, or any. */
function framing(made: Draft, dice: Dice): number {
  const at = made.lines.findIndex((line) => /^(content-length|transfer-encoding)/i.test(line));
  return at >= 0 ? at : dice.below(made.lines.length);
}

function insert(made: Draft, dice: Dice, line: string): void {
  made.lines.splice(dice.below(made.lines.length + 1), 0, line);
}

function respell(made: Draft, dice: Dice, at: number): void {
  const [name = "", ...value] = (made.lines[at] ?? "").split(":");
  made.lines[at] = `${dice.pick(SPELLINGS)(name)}:${value.join(":")}`;
}

function withoutHeader(made: Draft, name: RegExp): void {
  made.lines = made.lines.filter((line) => !name.test(line));
}

/** One character of the body's framing or data, or of the header lines, is another, gone, or there twice. */
function noise(text: string, dice: Dice): string {
  const at = dice.below(text.length);
  const other = dice.pick(["", "\0", "\r", "\n", " ", "\t", ":", ",", "\xff", "\x7f", text[at]! + text[at]!]);
  return text.slice(0, at) + other + text.slice(at + 1);
}

export const MUTATORS: Readonly<Record<string, Mutator>> = {
  method: (made, dice) => {
    made.method = dice.pick(METHODS);
  },
  version: (made, dice) => {
    made.version = dice.pick(VERSIONS);
  },
  target: (made, dice) => {
    const { id, target } = made;
    made.target = dice.pick([
      `http://evil.test${target}`,
      `https://user@evil.test:81${target}`,
      `ftp://evil.test${target}`,
      "evil.test:80",
      "*",
      target.slice(1),
      `//evil.test${target}`,
      `@evil.test${target}`,
      `${target}#frag`,
      `?${id}`,
      `${target} x`,
      `${target}\xe9`,
      `${target}\0`,
      `/${id}\\..\\b`,
      `/${id}/../${id}/b`,
      `/${id}/..;/${id}/b`,
      `/${id}/%2e%2e%2f${id}`,
      `${target}%00`,
      `${target}%0d%0aX-Injected:%201`,
      `${target}\tHTTP/1.1`,
      `/${id}/${"a".repeat(9000)}`,
      `/${id}/<"{|}^\``,
      `/_mooring/../${id}`,
    ]);
  },
  blanks: (made, dice) => {
    made.blanks[dice.below(2)] = dice.pick(["  ", "\t", "", "\x0b", " \t", "\xa0"]);
  },
  lead: (made, dice) => {
    made.before = dice.pick(["\r\n", "\r\n\r\n", "\n", " ", "\0", "\r", "\t", "\xef\xbb\xbf"]);
  },
  ends: (made, dice) => {
    made.end = dice.pick(["\n", "\r", "\n\r", "\r\r\n", "\r\n "]);
  },
  "one end": (made, dice) => {
    const at = dice.below(made.lines.length);
    made.lines[at] += dice.pick(["\n", "\r", "\r\n\r", "\0", " ", "\r\n "]);
    if (dice.chance(0.5)) made.lines[at] += "X-Extra: 1";
  },
  name: (made, dice) => respell(made, dice, dice.below(made.lines.length)),
  "framing name": (made, dice) => respell(made, dice, framing(made, dice)),
  "odd name": (made, dice) =>
    insert(made, dice, dice.pick([": x", "no colon", "X A: 1", "X\xe9: 1", "(a): 1", "=: 1", ":"])),
  value: (made, dice) => insert(made, dice, `X-Value: ${dice.pick(VALUES)}`),
  cookie: (made, dice) => insert(made, dice, `Cookie: a=${dice.pick(VALUES)}`),
  fold: (made, dice) => {
    const at = framing(made, dice);
    made.lines[at] = made.lines[at]!.replace(":", dice.pick([":\r\n ", ":\r\n\t", ":\n ", ":\r "]));
  },
  host: (made, dice) => {
    withoutHeader(made, /^host/i);
    if (dice.chance(0.8)) insert(made, dice, `Host: ${dice.pick(HOSTS)}`);
  },
  "two hosts": (made, dice) =>
    insert(made, dice, `${dice.pick(["Host", "host", "HOST "])}: ${dice.pick(["evil", "shop.test"])}`),
  length: (made, dice) => {
    withoutHeader(made, /^content-length/i);
    insert(made, dice, `Content-Length: ${dice.pick(LENGTHS)}`);
  },
  "wrong length": (made, dice) => {
    withoutHeader(made, /^content-length/i);
    const length = made.body.length + dice.pick([-20, -1, 1, 5, -made.body.length]);
    insert(made, dice, `Content-Length: ${Math.max(0, length)}`);
  },
  "two lengths": (made, dice) => {
    insert(made, dice, `Content-Length: ${dice.pick([made.body.length, 0, 5])}`);
    if (dice.chance(0.5)) insert(made, dice, `content-length: ${dice.pick([made.body.length, 0, 6])}`);
  },
  coding: (made, dice) => {
    withoutHeader(made, /^transfer-encoding/i);
    insert(made, dice, `Transfer-Encoding: ${dice.pick(CODINGS)}`);
  },
  "two codings": (made, dice) =>
    insert(made, dice, `Transfer-Encoding: ${dice.pick(["chunked", "identity", "gzip", ""])}`),
  "both framings": (made, dice) => {
    insert(made, dice, "Transfer-Encoding: chunked");
    insert(made, dice, `Content-Length: ${dice.pick([made.body.length, 4, 0])}`);
    if (dice.chance(0.5)) made.body = `0\r\n\r\n${made.body}`;
  },
  size: (made, dice) => {
    made.body = made.body.replace(/^[0-9a-f]+/, dice.pick(SIZES));
  },
  "size end": (made, dice) => {
    made.body = made.body.replace(
      "\r\n",
      dice.pick(["\n", "\r", ";\n", ";a\r", "\r\r\n", " \r\n", ";\xff\r\n", ";\0\r\n"]),
    );
  },
  "chunk end": (made, dice) => {
    made.body = dice.pick([
      made.body.replace("\r\n\r\n0", "\r\n0"),
      made.body.replace(/0\r\n\r\n$/, ""),
      made.body.replace(/0\r\n\r\n$/, "0\r\n"),
      made.body.replace(/0\r\n\r\n$/, "00\r\n\r\n"),
      made.body.replace(/0\r\n\r\n$/, "0\n\n"),
      made.body.replace(/\r\n0\r\n/, "XX0\r\n"),
      chunked("hello", 2) + made.body,
    ]);
  },
  trailer: (made, dice) => {
    made.body = made.body.replace(/\r\n$/, `${dice.pick(TRAILERS)}\r\n\r\n`);
  },
  pipelined: (made, dice) => {
    made.after += dice.pick([
      another(made.id, dice),
      "GET",
      "\0\0\0",
      "GET / HTTP/1.1\r\n",
      "\r\n",
      `x${another(made.id, dice)}`,
    ]);
  },
  connection: (made, dice) =>
    insert(
      made,
      dice,
      `${dice.pick(["Connection", "connection", "Proxy-Connection"])}: ${dice.pick(NAMED)}, ${dice.pick(NAMED)}`,
    ),
  upgrade: (made, dice) =>
    insert(made, dice, `Upgrade: ${dice.pick(["h2c", "websocket", "WebSocket, h2c", "TLS/1.0", ""])}`),
  expect: (made, dice) =>
    insert(made, dice, `Expect: ${dice.pick(["100-continue", "100-Continue", "200-ok", ""])}`),
  identity: (made, dice) => insert(made, dice, `${dice.pick(IDENTITY)}: 6.6.6.6`),
  many: (made, dice) => {
    for (let i = dice.pick([100, 130, 400]); i > 0; i--) made.lines.push(`X-${i}: 1`);
  },
  order: (made, dice) => {
    made.lines.push(...made.lines.splice(0, dice.below(made.lines.length)));
    if (dice.chance(0.5)) insert(made, dice, dice.pick(made.lines));
  },
  noise: (made, dice) => {
    if (made.body !== "" && dice.chance(0.5)) made.body = noise(made.body, dice);
    else made.lines = noise(made.lines.join("\r\n"), dice).split("\r\n");
  },
  cut: (made, dice) => {
    if (made.body !== "") made.body = made.body.slice(0, dice.below(made.body.length));
    made.after = "";
  },
};
