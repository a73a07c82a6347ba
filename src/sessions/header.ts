import { MAX_CANDIDATES } from "./cookie.ts";
import { TOKEN_LENGTH } from "./token.ts";

/**
 * The values of a header that could be tokens, in order, at most {@link MAX_CANDIDATES}. A header that came several times
 * arrives joined by commas. Linear time.
 */
export function tokensIn(header: string): string[] {
  if (header.length === TOKEN_LENGTH && !header.includes(",")) return [header];
  const found: string[] = [];
  for (let at = 0; at <= header.length && found.length < MAX_CANDIDATES; ) {
    const comma = header.indexOf(",", at);
    const end = comma < 0 ? header.length : comma;
    const value = header.slice(at, end).trim();
    if (value.length === TOKEN_LENGTH) found.push(value);
    at = end + 1;
  }
  return found;
}
