import { cookieKey, firstCookie } from "../affinity/cookie-value.ts";
import { compilePattern, type Pattern } from "../model/pattern/pattern.ts";
import type { Override } from "../model/snapshot.ts";

/** A rule that chooses the side of a new session, ready to be asked. */
export interface RuleRuntime {
  readonly rule: Override;
  /** The text that it goes by; "" when it is there and empty, undefined when it is not. */
  read(headers: Headers): string | undefined;
  fits(headers: Headers): boolean;
}

export function ruleRuntime(rule: Override): RuleRuntime {
  const { header, cookie, value } = rule;
  const key = header === undefined ? cookieKey(cookie!) : undefined;
  const read = (headers: Headers) =>
    key === undefined ? headers.get(header!)?.trim() : firstCookie(headers.get("cookie"), key);
  // The config was refused if it does not compile.
  const pattern = rule.pattern === undefined ? undefined : (compilePattern(rule.pattern) as Pattern);
  const is = (text: string) => (value === undefined ? text !== "" : text === value);
  return {
    rule,
    read,
    fits(headers) {
      const text = read(headers);
      return text !== undefined && (pattern === undefined ? is(text) : pattern.test(text));
    },
  };
}
