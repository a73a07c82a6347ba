import { readTemplate } from "../../model/template.ts";
import { hasCookie } from "./affinity.ts";
import { type Annotations, goBool, like, oneWord, whole } from "./annotations.ts";
import type { AnnotationFeature } from "./settings.ts";

/** What ingress-nginx lets an Ingress name, though it means nothing without what else it needs. */
const ALGORITHMS = oneWord(
  "round_robin",
  "ewma",
  "chash",
  "chashsubset",
  "sticky_balanced",
  "sticky_persistent",
);

/** The text to hash by; undefined where there is none, or one of variables that nginx has and requests here have not. */
function hashedBy(annotations: Annotations): string | undefined {
  const text = annotations.demand(
    "upstream-hash-by",
    like(/^[A-Za-z0-9_${}-]+$/, "letters, digits, - _ $ { }"),
  );
  const template = text === undefined ? [] : readTemplate(text);
  if (typeof template !== "string") return text;
  annotations.ignore("upstream-hash-by", template.replace("\n", ": "));
  return undefined;
}

/** Of load-balance and upstream-hash-by. Cookie affinity goes before the one and that before the other, as in its balancer. */
export const balance: AnnotationFeature = {
  name: "balance",
  read(annotations) {
    const algorithm = annotations.demand("load-balance", ALGORITHMS);
    const by = hashedBy(annotations);
    const subset = annotations.demand("upstream-hash-by-subset", goBool);
    const size = annotations.demand("upstream-hash-by-subset-size", whole(1, 10_000)) ?? 3;
    // A new session's key is chance there, and so is its pod.
    const policy = hasCookie(annotations) ? "random" : algorithm === "ewma" ? "ewma" : "round-robin";
    const sub = ["upstream-hash-by-subset", "upstream-hash-by-subset-size"] as const;
    if (algorithm !== undefined && algorithm !== "ewma" && algorithm !== "round_robin")
      annotations.field("load-balance").notice("invalid", "ingress-nginx takes round_robin in its place");
    if (hasCookie(annotations) || by === undefined) {
      const why =
        by === undefined ? "it has no effect without upstream-hash-by" : "cookie affinity goes before it";
      if (by !== undefined) annotations.ignore("upstream-hash-by", why);
      for (const name of sub) annotations.ignore(name, why);
      if (hasCookie(annotations)) annotations.ignore("load-balance", "cookie affinity goes before it");
      return { policy };
    }
    annotations.ignore("load-balance", "upstream-hash-by goes before it");
    if (!subset)
      annotations.ignore("upstream-hash-by-subset-size", "it has no effect without upstream-hash-by-subset");
    if (by.includes("$"))
      annotations
        .field("upstream-hash-by")
        .tell("honoured", "requests without what it names have one key, and go to one pod all together");
    return { policy: { ketama: { by, ...(subset ? { subset: size } : {}) } }, affinity: "none" };
  },
};
