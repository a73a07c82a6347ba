import { formatDuration } from "../../config/duration.ts";
import { Fault } from "../../config/fault.ts";
import { type Annotations, goBool, like, oneWord, whole } from "./annotations.ts";
import type { AnnotationFeature } from "./settings.ts";

const DAY = 86_400;
/** Longest that native config lets a session last, and a cookie. Seconds. */
const LONGEST = 400 * DAY;
const CENTURY = 36_500 * DAY;
const WEEK = 7 * DAY;

const COOKIE = [
  "session-cookie-name",
  "session-cookie-path",
  "session-cookie-domain",
  "session-cookie-samesite",
  "session-cookie-conditional-samesite-none",
  "session-cookie-expires",
  "session-cookie-max-age",
  "session-cookie-secure",
  "session-cookie-change-on-failure",
  "affinity-mode",
] as const;

const NAME = like(/^[A-Za-z0-9._~/-]{1,128}$/, "letters, digits and - . _ ~ /");
const PATH = like(/^\/[\x21-\x3a\x3c-\x7e]{0,1023}$/, "a path");
const HOST = like(
  /^\.?(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/,
  "a host name",
);

const spell = (seconds: number) => formatDuration(seconds * 1000);

/** Whether sessions of this Ingress are carried by a cookie. */
export function hasCookie(annotations: Annotations): boolean {
  return annotations.field("affinity").value === "cookie" && !isCanary(annotations);
}

function isCanary(annotations: Annotations): boolean {
  return goBool(annotations.field("canary").value ?? "") === true;
}

/**
 * The cookie of an affinity Ingress under its own name and attributes, with the live ones of ingress-nginx. A session lasts
 * as long as its cookie there; here it ends by itself, so the time is told.
 */
function cookieOf(annotations: Annotations): Record<string, unknown> {
  const expires = annotations.read("session-cookie-expires", whole(0, CENTURY), undefined);
  const maxAge = annotations.read("session-cookie-max-age", whole(0, CENTURY), undefined);
  const absolute = Math.min(LONGEST, Math.max(60, maxAge || expires || WEEK));
  const idle = Math.min(DAY, absolute);
  const domain = annotations.read("session-cookie-domain", HOST, undefined);
  const same = annotations.read("session-cookie-samesite", oneWord("None", "Lax", "Strict"), undefined);
  const conditional = annotations.read("session-cookie-conditional-samesite-none", goBool, false);
  const moves = annotations.read("session-cookie-change-on-failure", goBool, false);
  const told = [
    `sessions end when they were not seen for ${spell(idle)}, and ${spell(absolute)} after they began`,
    "the cookie is sealed and renewed, and pods do not see it",
    ...(moves ? [] : ["a session whose pod is gone moves: there it would get 502"]),
  ];
  annotations.field("affinity").tell("changed", told.join("; "));
  return {
    name: annotations.read("session-cookie-name", NAME, "INGRESSCOOKIE"),
    path: annotations.read("session-cookie-path", PATH, "matched"),
    ...(domain === undefined ? {} : { domain }),
    sameSite: same ?? "unset",
    ...(conditional ? { conditionalSameSiteNone: true } : {}),
    ...(expires === undefined ? {} : { expires: spell(expires) }),
    ...(maxAge === undefined ? {} : { maxAge: spell(maxAge) }),
    ...(secureOf(annotations) ? { secure: true } : {}),
    idle: spell(idle),
    absolute: spell(absolute),
    ingressNginx: { mode: annotations.read("affinity-mode", oneWord("balanced", "persistent"), "balanced") },
  };
}

function secureOf(annotations: Annotations): boolean {
  const secure = annotations.read("session-cookie-secure", goBool, undefined);
  if (secure === false)
    annotations.ignore(
      "session-cookie-secure",
      "false means unset: the cookie is Secure over https all the same",
    );
  return secure === true;
}

/** Cookie affinity, in both of ingress-nginx's modes. */
export const affinity: AnnotationFeature = {
  name: "affinity",
  read(annotations) {
    annotations.ignore("session-cookie-hash", "ingress-nginx itself has it no more");
    const wanted = annotations.read(
      "affinity",
      (value) => (value === "cookie" ? "cookie" : new Fault('the only affinity is "cookie"', "write cookie")),
      undefined,
    );
    if (wanted !== undefined && isCanary(annotations)) {
      for (const name of ["affinity", ...COOKIE])
        annotations.ignore(name, "a canary has its primary's cookie");
      return {};
    }
    if (wanted !== undefined) return { affinity: [{ cookie: cookieOf(annotations) }] };
    for (const name of COOKIE) annotations.ignore(name, "it has no effect without affinity: cookie");
    return {};
  },
};
