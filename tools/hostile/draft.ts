import type { Dice } from "./dice.ts";

/** A request before it becomes bytes; mutators change it in place. */
export interface Draft {
  /** Part of every path of this case, and in a header, as some targets have no path. */
  readonly id: string;
  method: string;
  target: string;
  version: string;
  /** Between method and target, and between target and version. */
  blanks: [string, string];
  /** Header lines as they are sent. */
  lines: string[];
  /** Ends of the request line and the header lines. */
  end: string;
  /** As it is sent, framing included. */
  body: string;
  /** What goes before and after it on the connection. */
  before: string;
  after: string;
}

/** In every body: whoever takes a body for requests asks a pod for it. */
const smuggled = (id: string) => `GET /${id}/smuggled HTTP/1.1\r\nHost: smuggled\r\n\r\n`;

/** Sizes and data of a chunked body, in pieces of up to `most`. */
export function chunked(body: string, most: number): string {
  const chunks = body.match(new RegExp(`[^]{1,${most}}`, "g")) ?? [];
  return `${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join("")}0\r\n\r\n`;
}

const WITH_BODY = ["POST", "PUT", "PATCH", "DELETE", "GET"];
const WITHOUT = ["GET", "HEAD", "OPTIONS", "DELETE"];

/** A sound request of a kind that the dice choose. */
export function draft(id: string, dice: Dice): Draft {
  const made: Draft = {
    id,
    method: dice.pick(WITHOUT),
    target: `/${id}/a?q=1`,
    version: "HTTP/1.1",
    blanks: [" ", " "],
    lines: ["Host: shop.test", `X-Case: ${id}`],
    end: "\r\n",
    body: "",
    before: "",
    after: "",
  };
  if (dice.chance(0.3)) made.lines.push("Cookie: a=1; mooring=x");
  const kind = dice.below(10);
  if (kind < 2) return made;
  if (kind < 5) withLength(made, dice);
  else if (kind < 8) withChunks(made, dice);
  else if (kind === 8) upgrade(made);
  if (kind === 9 || dice.chance(0.2)) made.after = another(id, dice);
  return made;
}

export function withLength(made: Draft, dice: Dice): void {
  made.method = dice.pick(WITH_BODY);
  made.body = smuggled(made.id);
  made.lines.push(`Content-Length: ${made.body.length}`);
}

export function withChunks(made: Draft, dice: Dice): void {
  made.method = dice.pick(WITH_BODY);
  made.body = chunked(smuggled(made.id), dice.pick([1000, 20, 7]));
  made.lines.push("Transfer-Encoding: chunked");
}

function upgrade(made: Draft): void {
  made.method = "GET";
  made.lines.push("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13");
  made.lines.push("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==");
}

/** One more request, pipelined. */
export function another(id: string, dice: Dice): string {
  return `GET /${id}/${dice.pick(["b", "c"])} HTTP/1.1\r\nHost: shop.test\r\n\r\n`;
}

export function bytesOf(made: Draft): string {
  const { method, target, version, blanks, lines, end } = made;
  const head = [`${method}${blanks[0]}${target}${blanks[1]}${version}`, ...lines, ""].map(
    (line) => line + end,
  );
  return made.before + head.join("") + made.body + made.after;
}
