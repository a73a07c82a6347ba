import type { CookieOptions } from "../affinity/cookie.ts";
import type { CookieKeyOptions } from "../affinity/cookie-key.ts";
import type { HashOptions } from "../affinity/hash.ts";
import type { HeaderOptions } from "../affinity/header.ts";
import { type AffinityName, affinities } from "../affinity/index.ts";
import type { LearnOptions } from "../affinity/learn.ts";
import { Fault, issueText } from "../affinity/option.ts";
import type { AffinitySource } from "../affinity/source.ts";
import type { TokenOptions } from "../affinity/token.ts";
import type { AffinityConfig } from "../model/pool.ts";
import * as z from "../model/zod.ts";
import { adopt, type Choice, choice } from "./choice.ts";
import { explain } from "./explain.ts";

const source = choice("affinity source", affinities);
const sources = z.array(source);

/**
 * A chain of affinity sources: a list, or one alone. Absent: the cookie. `none` comes out as the empty chain, which is
 * what unkeyed means.
 */
export const chain = z.prefault(
  z.pipe(
    z.unknown(),
    z.transform((input: unknown, context): AffinityConfig[] => {
      const parsed = sources.safeParse(Array.isArray(input) ? input : [input], { error: explain });
      if (!parsed.success) {
        const issues = parsed.error.issues.map((issue) =>
          Array.isArray(input) ? issue : { ...issue, path: issue.path.slice(1) },
        );
        adopt(context.issues as z.core.$ZodRawIssue[], issues, []);
        return z.NEVER;
      }
      parsed.data.forEach((link, i) => {
        const fault = misplaced(link, parsed.data.slice(0, i), parsed.data.length);
        if (fault !== undefined) {
          context.issues.push({ code: "custom", message: issueText(fault), path: [i], input });
        }
      });
      return parsed.data
        .filter(({ name }) => name !== "none")
        .map(({ name, options }) => ({ source: name, options }));
    }),
  ),
  "cookie",
);

function misplaced(link: Choice, before: readonly Choice[], length: number): Fault | undefined {
  const { name } = link;
  if (before.some((other) => labelOf(other) === labelOf(link))) {
    return new Fault(`affinity source ${JSON.stringify(name)} stands here twice`, "leave one out");
  }
  const same = before.find((other) => ownCookie(other, link) || ownCookie(link, other));
  if (same !== undefined) {
    const isKey = name === "cookie-key" || same.name === "cookie-key";
    const message = isKey
      ? "the cookie that is the key has the name of the edge's own"
      : "a pod's cookie with the name of the edge's own: the edge would take it away";
    return new Fault(message, "give one of the two another name");
  }
  const maker = before.find(makesKeys);
  if (maker !== undefined) {
    const message = `no request comes to it: ${JSON.stringify(maker.name)} makes a key for whoever brings none`;
    return new Fault(message, "write it before that one, or leave ttl out there");
  }
  const issuer = before.find(issues);
  if (issuer !== undefined && makesKeys(link)) {
    const message = `it makes no key: ${JSON.stringify(issuer.name)} begins sessions before it`;
    return new Fault(message, "leave ttl out here, or that one out");
  }
  if (issuer !== undefined && issues(link)) {
    return new Fault("a session's token is in a cookie or in a header", "leave cookie or token out");
  }
  if (before.some((other) => readsHeader(other, link) || readsHeader(link, other))) {
    const message = "a key in the header of the edge's own token: it changes with each renewal";
    return new Fault(message, "give one of the two another name");
  }
  if (name === "none" && length > 1) return new Fault("none stands alone", "leave out none, or the others");
  return undefined;
}

/** Whether it issues tokens. */
function issues({ name }: Choice): boolean {
  return name === "cookie" || name === "token";
}

/** Whether a source would take for its key the header that another one's tokens are in. */
function readsHeader({ name, options }: Choice, issued: Choice): boolean {
  if (issued.name !== "token") return false;
  const { header } = issued.options as TokenOptions;
  if (name === "header") return (options as Partial<HeaderOptions>).name === header;
  if (name === "learn") return (options as Partial<LearnOptions>).header === header;
  const { of = [] }: Partial<HashOptions> = name === "hash" ? options : {};
  return of.some((part) => "header" in part && part.header === header);
}

function makesKeys({ name, options }: Choice): boolean {
  return (affinities[name as AffinityName] as AffinitySource<unknown>).made?.(options) !== undefined;
}

/** Whether a source would take for its key the cookie that the edge itself issues. */
function ownCookie(minted: Choice, issued: Choice): boolean {
  if (issued.name !== "cookie") return false;
  const { name }: Partial<CookieOptions> = issued.options;
  if (minted.name === "cookie-key") return name === (minted.options as Partial<CookieKeyOptions>).name;
  const { cookie }: Partial<LearnOptions> = minted.name === "learn" ? minted.options : {};
  return cookie !== undefined && cookie === name;
}

/** Sources that read one named thing may stand in a chain several times, each with another name. */
function labelOf({ name, options }: Choice): string {
  const source = affinities[name as AffinityName] as AffinitySource<unknown>;
  return source.label?.(options) ?? name;
}
