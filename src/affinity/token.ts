import * as z from "../model/zod.ts";
import { DAY, duration, HOUR, MINUTE, SECOND } from "./duration.ts";
import { readHeaderName } from "./keyed.ts";
import { Fault, issueText, reading, shown } from "./option.ts";
import type { AffinitySource } from "./source.ts";

/** In which header a scope's token travels, and how long it holds. Durations in milliseconds. */
export type TokenOptions = {
  /** Lower case. */
  readonly header: string;
  readonly idle: number;
  readonly absolute: number;
  /** Whether the pod sees it. */
  readonly forward: boolean;
};

/** What says how a message is framed, sent on or kept, or has a meaning to client or edge that a token would destroy. */
const TAKEN =
  /^(?:accept(?:-.*)?|age|cache-control|cdn-.*|cf-.*|connection|content-.*|cookie2?|date|etag|expect|expires|forwarded|host|if-.*|keep-alive|last-modified|link|location|mooring-decision|origin|pragma|proxy-.*|range|referer|refresh|sec-.*|server|set-cookie2?|surrogate-.*|te|trailer|transfer-encoding|upgrade|user-agent|vary|via|x-accel-.*|x-forwarded.*)$/;

const shape = z.strictObject({
  header: reading(readName),
  idle: z._default(duration(SECOND, 400 * DAY), 30 * MINUTE),
  absolute: z._default(duration(SECOND, 400 * DAY), 12 * HOUR),
  forward: z._default(z.boolean(), false),
});

function readName(text: string): string | Fault {
  const name = readHeaderName(text);
  if (name instanceof Fault || !TAKEN.test(name)) return name;
  return new Fault(
    `${shown(text)} has a meaning of its own`,
    'write a name that nobody uses, such as "Session-A"',
  );
}

/** The edge issues a token of its own, as with `cookie`, to clients that keep no cookies, but can keep a header. */
export const token: AffinitySource<TokenOptions> = {
  name: "token",
  carrier: "token",
  summary: "A sealed token in a header that the edge issues and renews.",
  options: shape.check(
    z.superRefine(
      ({ idle, absolute }, context) => {
        if (typeof idle !== "number" || typeof absolute !== "number" || absolute >= idle) return;
        const hint = 'write an "absolute" that is at least "idle" (it is 12h unless written)';
        const message = issueText(new Fault("the absolute expiry comes before the idle timeout", hint));
        context.addIssue({ code: "custom", path: ["absolute"], message, input: undefined });
      },
      // Also when the header is wrong: all errors are told at once.
      { when: ({ value }) => typeof value === "object" && value !== null && !Array.isArray(value) },
    ),
  ) as unknown as z.ZodMiniType<TokenOptions>,
};
