/** How zod.ts runs a schema: zod's rules of issues that stop checks, and of keys that may be absent. */

/** `continue`: later checks run all the same; false: none does. The others stop checks that do not say when they run. */
export interface Issue {
  code: string;
  path?: PropertyKey[];
  message?: string;
  input?: unknown;
  inst?: unknown;
  continue?: boolean;
  [more: string]: unknown;
}

export interface Payload {
  value: unknown;
  issues: Issue[];
  aborted?: boolean;
}

export type ErrorMap = (issue: Issue) => string | undefined;
type Run = (payload: Payload) => Payload;

export interface Check {
  readonly run: (payload: Payload) => void;
  readonly when?: (payload: Payload) => boolean;
  /** The most items of a list: one that is longer is not read at all. */
  readonly most?: number;
}

interface Def {
  readonly type: string;
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly options?: readonly Schema[];
  readonly values?: readonly unknown[];
  readonly error?: ErrorMap | undefined;
}

export interface Schema {
  readonly _zod: {
    readonly def: Def;
    readonly run: Run;
    /** What of a key may be absent: the value that goes in (undefined: it may not), and the one that comes out. */
    readonly optin: "optional" | "defaulted" | undefined;
    readonly optout: "optional" | undefined;
  };
}

type Result = { success: true; data: unknown } | { success: false; error: { issues: Issue[] } };

export const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const aborted = ({ aborted, issues }: Payload): boolean =>
  aborted === true || issues.some((issue) => issue.continue !== true);

/** Nothing more is to be said of it. */
const refused = ({ aborted, issues }: Payload): boolean =>
  aborted === true || issues.some((issue) => issue.continue === false);

/** The issue as callers see it, in words. */
function told({ inst, continue: _, input, ...issue }: Issue, error: ErrorMap | undefined): Issue {
  const raw = { ...issue, inst, input };
  const own = (inst as Schema | undefined)?._zod?.def.error;
  const message = issue.message || (own?.(raw) ?? error?.(raw) ?? "Invalid input");
  return { ...issue, path: issue.path ?? [], message };
}

/** Hands what was found below `key` on to the whole. */
export function below(key: PropertyKey, from: Payload, to: Payload): void {
  for (const issue of from.issues) {
    issue.path = [key, ...(issue.path ?? [])];
    to.issues.push(issue);
  }
}

export const fresh = (value: unknown): Payload => ({ value, issues: [] });

interface Flow {
  readonly optin?: Schema["_zod"]["optin"];
  readonly optout?: Schema["_zod"]["optout"];
}

export function make(
  def: Def,
  parse: (payload: Payload, schema: Schema, checks: readonly Check[]) => Payload,
  { optin, optout }: Flow = {},
  checks: readonly Check[] = [],
): Schema {
  const run: Run = (given) => {
    const payload = parse(given, schema, checks);
    let stopped = aborted(payload);
    for (const check of checks) {
      if (check.when === undefined ? stopped : refused(payload) || !check.when(payload)) continue;
      const found = payload.issues.length;
      check.run(payload);
      stopped ||= payload.issues.slice(found).some((issue) => issue.continue !== true);
    }
    return payload;
  };
  const schema = {
    _zod: { def, run, optin, optout },
    check: (...more: Check[]) => make(def, parse, { optin, optout }, [...checks, ...more]),
    safeParse(value: unknown, params?: { error?: ErrorMap }): Result {
      const { value: data, issues } = run(fresh(value));
      if (issues.length === 0) return { success: true, data };
      return { success: false, error: { issues: issues.map((issue) => told(issue, params?.error)) } };
    },
    parse(value: unknown): unknown {
      const result = schema.safeParse(value);
      if (result.success) return result.data;
      throw new Error(JSON.stringify(result.error.issues));
    },
  };
  return schema;
}
