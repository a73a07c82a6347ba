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

/** Things that are hashed at most: as many as `hash` has parts. */
const MOST = 8;

/** The same, or a list of them, each of which is hashed by itself, as Envoy does with several hash policies. */
export const bys = z.pipe(
  z.unknown(),
  z.transform((input: unknown, context): Template | readonly Template[] => {
    const refuse = (message: string, path: PropertyKey[] = []) => {
      context.issues.push({ code: "custom", message, path, input });
      return z.NEVER;
    };
    if (!Array.isArray(input)) {
      const found = read(input);
      return typeof found === "string" ? refuse(found) : found;
    }
    if (input.length < 1 || input.length > MOST) {
      return refuse(`has ${input.length} things to hash\nwrite one at least, and ${MOST} at most`);
    }
    return input.map((text, i): Template => {
      const found = read(text);
      return typeof found === "string" ? refuse(found, [i]) : found;
    });
  }),
) as unknown as z.ZodMiniType<Template | readonly Template[]>;

function read(input: unknown): Template | string {
  if (typeof input === "string") return readTemplate(input);
  return 'expected a text with variables, or a list of such\nwrite "$http_x_user"';
}

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
