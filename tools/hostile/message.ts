/** A request as bytes; Latin-1, a byte is a letter. */
export interface Message {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  /** Names in lower case, values without blanks around them. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Without its framing. */
  readonly body: string;
  /** Why nobody may forward it though it is clear where it ends; undefined: it is sound. */
  readonly unfit: string | undefined;
}

/** One message and where it ends; why it is none; or that it has not ended yet. */
export type Read = { readonly message: Message; readonly end: number } | { readonly fault: string } | "more";

const LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~\x80-\xff]+) (HTTP\/1\.[01])$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/s;
/** A recipient may keep other control characters (RFC 9110, section 5.5). */
const VALUE = /^[^\r\n\0]*$/;

/**
 * Reads one request by the letter of RFC 9112.
 *
 * @param lax also what a recipient may take: empty lines before it, LF alone as the end of a line (section 2.2),
 *   equal lengths twice, other codings before `chunked` (which make it unfit), an empty Host beside another, a length beside `chunked`, which does not count then (section 6.1), empty members of lists, and any chunk extension that stays in its line
 */
export function readRequest(text: string, start: number, lax: boolean): Read {
  let at = start;
  if (lax) at += /^(?:\r?\n)*/.exec(text.slice(at, at + 64))![0].length;
  const head = readHead(text, at, lax);
  if (head === "more" || "fault" in head) return head;
  const match = LINE.exec(head.lines[0]!);
  if (match === null) return { fault: `request line ${JSON.stringify(head.lines[0])}` };
  const [, method = "", target = "", version = ""] = match;
  const fields: [string, string][] = [];
  for (const line of head.lines.slice(1)) {
    const field = FIELD.exec(line);
    if (field === null || !VALUE.test(field[2]!)) {
      return { fault: `header ${JSON.stringify(line.slice(0, 80))}` };
    }
    fields.push([field[1]!.toLowerCase(), field[2]!]);
  }
  const sent = valuesOf(fields, "host");
  // The runtime drops an empty one beside another, and no worker sees it.
  const hosts = lax && sent.length > 1 ? sent.filter((host) => host !== "") : sent;
  const badHost = hosts.length > 1 || (hosts.length === 0 && version === "HTTP/1.1");
  const codings = codingsOf(fields);
  const unfit = badHost ? "Host" : codings.length > 1 ? "coding" : undefined;
  if (unfit !== undefined && !lax) return { fault: unfit };
  const body = readBody(text, head.end, fields, version, lax);
  if (body === "more" || "fault" in body) return body;
  return { message: { method, target, version, fields, body: body.body, unfit }, end: body.end };
}

/** The members of Transfer-Encoding; empty ones do not count (RFC 9110, section 5.6.1). */
function codingsOf(fields: Message["fields"]): string[] {
  const members = valuesOf(fields, "transfer-encoding").flatMap((value) => value.toLowerCase().split(","));
  return members.map((member) => member.trim()).filter((member) => member !== "");
}

export function valuesOf(fields: Message["fields"], name: string): string[] {
  return fields.filter(([other]) => other === name).map(([, value]) => value);
}

type Part<T> = T | { readonly fault: string } | "more";

/** The lines up to the empty one. */
export function readHead(text: string, start: number, lax: boolean): Part<{ lines: string[]; end: number }> {
  const lines: string[] = [];
  let at = start;
  for (;;) {
    const feed = text.indexOf("\n", at);
    if (feed < 0) return "more";
    const ends = text[feed - 1] === "\r" && feed > at;
    if (!ends && !lax) return { fault: "a line ends in LF alone" };
    const line = text.slice(at, ends ? feed - 1 : feed);
    at = feed + 1;
    if (line === "") return lines.length > 0 ? { lines, end: at } : { fault: "an empty line at the start" };
    lines.push(line);
  }
}

function readBody(
  text: string,
  start: number,
  fields: Message["fields"],
  version: string,
  lax: boolean,
): Part<{ body: string; end: number }> {
  const sent = valuesOf(fields, "transfer-encoding");
  const coding = codingsOf(fields).at(-1);
  const lengths = valuesOf(fields, "content-length");
  if (sent.length > 0) {
    if (version === "HTTP/1.0") return { fault: "a transfer coding in HTTP/1.0" };
    if (lengths.length > 0 && !lax) return { fault: "both framings" };
    if (coding !== "chunked" || (sent.join().toLowerCase() !== coding && !lax))
      return { fault: `coding ${sent}` };
    return readChunks(text, start, lax);
  }
  if (lengths.length === 0) return { body: "", end: start };
  const [length = ""] = lengths;
  if (!/^[0-9]{1,15}$/.test(length) || lengths.some((other) => Number(other) !== Number(length))) {
    return { fault: `length ${lengths}` };
  }
  if (lengths.length > 1 && !lax) return { fault: "two lengths" };
  const end = start + Number(length);
  return end > text.length ? "more" : { body: text.slice(start, end), end };
}

/** Chunk extensions and trailers may be there, and are dropped. */
function readChunks(text: string, start: number, lax: boolean): Part<{ body: string; end: number }> {
  let body = "";
  let at = start;
  for (;;) {
    const end = text.indexOf("\r\n", at);
    if (end < 0)
      return /^[0-9A-Fa-f]{0,12}(?:[ \t]*;[^\r\n]*)?\r?$/.test(text.slice(at)) ? "more" : BAD_CHUNK;
    const line = text.slice(at, end);
    const size = (lax ? LAX_SIZE : SIZE).exec(line)?.[1];
    if (size === undefined) return BAD_CHUNK;
    at = end + 2;
    const length = Number.parseInt(size, 16);
    if (length === 0) break;
    if (at + length + 2 > text.length) return "more";
    if (text.slice(at + length, at + length + 2) !== "\r\n") return BAD_CHUNK;
    body += text.slice(at, at + length);
    at += length + 2;
  }
  if (text.startsWith("\r\n", at)) return { body, end: at + 2 };
  const trailer = readHead(text, at, false);
  if (trailer === "more" || "fault" in trailer) return trailer;
  return { body, end: trailer.end };
}

const SIZE = /^([0-9A-Fa-f]{1,12})(?:[ \t]*;[\t -~\x80-\xff]*)?$/;
const LAX_SIZE = /^([0-9A-Fa-f]{1,12})(?:[ \t]*;[^\r\n]*)?[ \t]*$/;
const BAD_CHUNK = { fault: "a chunk" } as const;
