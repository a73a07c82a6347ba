import { Fault, issueText, shown } from "../affinity/option.ts";
import * as z from "../model/zod.ts";
import { describe, explain } from "./explain.ts";
import { nearest } from "./nearest.ts";

/** A line of a registry with its parsed options. */
export interface Choice {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What the config needs to know of a registry. */
export type Registry = Readonly<Record<string, { readonly options: z.ZodMiniType<unknown> }>>;

type Issues = z.core.$ZodRawIssue[];

/** Hands the issues of an inner parse on, below `path`. */
export function adopt(
  issues: Issues,
  inner: readonly z.core.$ZodIssue[],
  path: readonly PropertyKey[],
): void {
  for (const issue of inner) {
    issues.push({ ...issue, path: [...path, ...issue.path], input: undefined } as z.core.$ZodRawIssue);
  }
}

/**
 * A schema of one line of a registry: its name, or a map of its name to its options.
 *
 * @param kind what the registry holds, in the singular
 */
export function choice(kind: string, registry: Registry): z.ZodMiniType<Choice> {
  const names = Object.keys(registry);
  return z.pipe(
    z.unknown(),
    z.transform((input: unknown, context): Choice => {
      const fail = (fault: Fault, path: PropertyKey[] = []) => {
        context.issues.push({ code: "custom", message: issueText(fault), path, input });
        return z.NEVER;
      };
      const written = read(input);
      if (written === undefined) {
        const hint = `write ${names[0]}, or { ${names[0]}: { … } }`;
        return fail(
          new Fault(`expected one ${kind}, or a map of one to its options, got ${describe(input)}`, hint),
        );
      }
      const [name, options, path] = written;
      const line = Object.hasOwn(registry, name) ? registry[name] : undefined;
      if (line === undefined) return fail(unknown(kind, name, names), path);
      const parsed = line.options.safeParse(options, { error: explain });
      if (parsed.success) return { name, options: parsed.data as Choice["options"] };
      adopt(context.issues as Issues, parsed.error.issues, path);
      return z.NEVER;
    }),
  ) as unknown as z.ZodMiniType<Choice>;
}

/** Name, options, and the path to the options; undefined when it has neither of the two forms. */
function read(input: unknown): [string, unknown, PropertyKey[]] | undefined {
  if (typeof input === "string") return [input, {}, []];
  if (typeof input !== "object" || input === null || Array.isArray(input)) return undefined;
  const keys = Object.keys(input);
  const name = keys[0];
  if (name === undefined || keys.length > 1) return undefined;
  // `- cookie:` has no value in YAML; it means the defaults.
  return [name, (input as Record<string, unknown>)[name] ?? {}, [name]];
}

function unknown(kind: string, name: string, names: readonly string[]): Fault {
  const known = `this version has ${names.join(", ")}`;
  const meant = nearest(name, names);
  const hint = meant === undefined ? known : `did you mean ${JSON.stringify(meant)}? ${known}`;
  return new Fault(`unknown ${kind} ${shown(name)}`, hint);
}
