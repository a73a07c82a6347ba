import { StringDecoder } from "node:string_decoder";

/** Of a longer line the rest is passed over: what is no log must not fill the memory. Characters. */
const LONGEST = 16_384;

/** Calls `take` with each line of a stream of bytes, without its end; resolves when all are read. */
export async function eachLine(stream: AsyncIterable<Buffer>, take: (line: string) => void): Promise<void> {
  const decoder = new StringDecoder("utf8");
  let open = "";
  const cut = (text: string) => (text.length > LONGEST ? text.slice(0, LONGEST) : text);
  const end = (line: string) => take(line.endsWith("\r") ? line.slice(0, -1) : line);
  for await (const chunk of stream) {
    const text = decoder.write(chunk);
    let from = 0;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", from)) {
      end(cut(open + text.slice(from, at)));
      open = "";
      from = at + 1;
    }
    open = cut(open + text.slice(from));
  }
  open += decoder.end();
  if (open !== "") end(open);
}
