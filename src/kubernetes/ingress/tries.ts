import { formatDuration } from "../../config/duration.ts";
import { hasCookie } from "./affinity.ts";
import { type Annotations, like, whole } from "./annotations.ts";
import type { AnnotationFeature } from "./settings.ts";

const HOUR = 3600;

const spell = (seconds: number) => formatDuration(seconds * 1000);

/** What may be tried again: conditions of proxy_next_upstream that an edge has, to native ones. */
const CONDITIONS: Readonly<Record<string, "connect" | "timeout">> = { error: "connect", timeout: "timeout" };

/** Time-outs in seconds without a unit, and what is tried again after which failure. */
export const tries: AnnotationFeature = {
  name: "tries",
  read(annotations) {
    const read = annotations.read("proxy-read-timeout", whole(1, HOUR), 60);
    const why = "the runtime bounds it itself";
    for (const name of ["proxy-connect-timeout", "proxy-send-timeout"]) {
      const value = annotations.read(name, whole(0, 1e9), undefined);
      if (value !== undefined) annotations.ignore(name, why);
    }
    const idle = annotations.has("proxy-read-timeout") ? { idleBody: spell(read) } : {};
    return { timeouts: { headers: spell(read), ...idle }, retry: retryOf(annotations) };
  },
};

function retryOf(annotations: Annotations): Record<string, unknown> {
  const conditions = annotations.read(
    "proxy-next-upstream",
    like(
      /^(?:error|timeout|invalid_header|http_\d{3}|non_idempotent|off|\s)+$/,
      "conditions of proxy_next_upstream",
    ),
    "error timeout",
  );
  const words = conditions.split(/\s+/);
  const asked = annotations.read("proxy-next-upstream-tries", whole(0, 1e6), 3);
  const limit = annotations.read("proxy-next-upstream-timeout", whole(0, 1e6), 0);
  if (limit > 0) annotations.ignore("proxy-next-upstream-timeout", "tries are bounded by number and budget");
  const most = Math.min(asked === 0 ? 5 : asked, 5);
  if (most !== asked)
    annotations.field("proxy-next-upstream-tries").tell("changed", "a request is tried 5 times at most");
  const sticky = hasCookie(annotations);
  const on = [...new Set(words.map((word) => CONDITIONS[word]).filter((word) => word !== undefined))].filter(
    (word) => !(sticky && word === "timeout"),
  );
  const lost = words.filter(
    (word) => !Object.hasOwn(CONDITIONS, word) && word !== "off" && word !== "non_idempotent",
  );
  const field = annotations.field("proxy-next-upstream");
  if (field.present && lost.length > 0)
    field.tell("changed", `${lost.join(", ")}: an answer of a pod is the answer, and not tried elsewhere`);
  if (field.present && sticky && words.includes("timeout"))
    field.tell("changed", "timeout: a session stays at its pod, however slow that is");
  return {
    attempts: words.includes("off") || on.length === 0 ? 1 : most,
    ...(on.length === 0 ? {} : { on }),
    ...(words.includes("non_idempotent") ? { methods: ["POST", "PATCH"] } : {}),
  };
}
