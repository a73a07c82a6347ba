/** How many times its limit is read of a body that is too large. */
const READ_AWAY = 8;

/**
 * A body as text; undefined when it is over the limit. What is too much is read away up to some limits more, as a client
 * that is cut off while it sends may never see the answer, and none of it is kept.
 *
 * @param limit bytes
 */
export async function readBody(request: Request, limit: number): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > READ_AWAY * limit) return undefined;
    text = size > limit ? "" : text + decoder.decode(chunk, { stream: true });
  }
  return size > limit ? undefined : text + decoder.decode();
}
