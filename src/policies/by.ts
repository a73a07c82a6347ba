import { fmix } from "../core/hash.ts";
import type { Pod } from "../model/pod.ts";
import { readTemplate, type Template } from "../model/template.ts";
import * as z from "../model/zod.ts";
import { type Standing, without } from "./policy.ts";

/** The option `by` of policies that place an unkeyed request by a text of it. */
export const by = z.pipe(
  z.string(),
  z.transform((input: string, context): Template => {
    const found = readTemplate(input);
    if (typeof found !== "string") return found;
    context.issues.push({ code: "custom", message: found, input });
    return z.NEVER;
  }),
) as unknown as z.ZodMiniType<Template>;

/** The choice among pods in slow start, each of which takes its share of the keys; the first when none takes this one. */
export function warm(
  pods: readonly Pod[],
  hash: number,
  standing: Standing,
  slow: Uint32Array,
  choose: (standing: Standing) => number,
): number {
  const first = choose(standing);
  let left = standing;
  for (let index = first; index >= 0; index = choose(left)) {
    const share = slow[index]!;
    if (share === 0xffffffff || fmix(hash ^ Math.imul(index + 1, 0x9e3779b9)) < share) return index;
    left = without(left, pods, index);
  }
  return first;
}
