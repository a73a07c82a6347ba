import * as z from "zod/mini";
import { affinities } from "../affinity/index.ts";
import { Fault, issueText } from "../affinity/option.ts";
import type { AffinityConfig } from "../model/pool.ts";
import { adopt, choice } from "./choice.ts";
import { explain } from "./explain.ts";
import { PLANNED_AFFINITIES } from "./inactive.ts";

const source = choice("affinity source", affinities, PLANNED_AFFINITIES);
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
      parsed.data.forEach(({ name }, i) => {
        const fault = misplaced(
          name,
          parsed.data.findIndex((other) => other.name === name) < i,
          parsed.data.length,
        );
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

function misplaced(name: string, again: boolean, length: number): Fault | undefined {
  if (again) return new Fault(`affinity source ${JSON.stringify(name)} stands here twice`, "leave one out");
  if (name === "none" && length > 1) return new Fault("none stands alone", "leave out none, or the others");
  return undefined;
}
