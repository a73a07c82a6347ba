import * as z from "../model/zod.ts";
import { cookieValue } from "./cookie-value.ts";
import { readCookieName, readHeaderName, timeout } from "./keyed.ts";
import { Fault, issueText, reading } from "./option.ts";
import type { AffinitySource, KeyedOptions, Minted } from "./source.ts";

export type LearnOptions = KeyedOptions & {
  readonly cookie?: string | undefined;
  readonly header?: string | undefined;
};

/**
 * A cookie or header that the pods mint for themselves is the key: SESSIONID, Mcp-Session-Id. The client gets no cookie of
 * ours, and a value that no pod has minted means nothing.
 */
export const learn: AffinitySource<LearnOptions> = {
  name: "learn",
  summary: "A cookie or header that the pod mints; sticky from the second request on.",
  carrier: "minted",
  options: z
    .strictObject({
      cookie: z.optional(reading(readCookieName)),
      header: z.optional(reading(readHeaderName)),
      timeout,
    })
    .check(
      z.superRefine(({ cookie, header }, context) => {
        if ((cookie === undefined) !== (header === undefined)) return;
        const fault = new Fault(
          "learn needs either a cookie or a header",
          "write { cookie: SESSIONID } or { header: Mcp-Session-Id }",
        );
        context.addIssue({ code: "custom", message: issueText(fault), input: undefined });
      }),
    ) as unknown as z.ZodMiniType<LearnOptions>,
  label: ({ cookie, header }) =>
    cookie === undefined ? `minted header ${header}` : `minted cookie ${cookie}`,
  key: ({ headers }, { cookie, header }) =>
    cookie === undefined
      ? headers.get(header!)?.trim() || undefined
      : cookieValue(headers.get("cookie"), cookie),
  minted: (headers, now, { cookie, header }) => {
    if (cookie !== undefined) return mintedCookie(headers, cookie, now);
    const key = headers.get(header!)?.trim();
    return key ? { key, gone: false } : undefined;
  },
};

/** The last Set-Cookie of that name counts, as it does in a browser. */
function mintedCookie(headers: Headers, name: string, now: number): Minted | undefined {
  if (!headers.has("set-cookie")) return undefined;
  let minted: Minted | undefined;
  for (const line of headers.getSetCookie()) {
    const [pair = "", ...attributes] = line.split(";");
    const at = pair.indexOf("=");
    if (at < 0 || pair.slice(0, at).trim() !== name) continue;
    const key = pair.slice(at + 1).trim();
    minted = { key, gone: key === "" || isPast(attributes, now) };
  }
  return minted;
}

/** Max-Age goes before Expires (RFC 6265, section 5.3). */
function isPast(attributes: readonly string[], now: number): boolean {
  let expires: number | undefined;
  for (const attribute of attributes) {
    const at = attribute.indexOf("=");
    const value = attribute.slice(at + 1).trim();
    const name = attribute.slice(0, Math.max(0, at)).trim().toLowerCase();
    if (name === "max-age" && /^-?[0-9]+$/.test(value)) return Number(value) <= 0;
    if (name === "expires") expires = Date.parse(value);
  }
  return expires !== undefined && expires <= now;
}
