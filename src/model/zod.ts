import type * as zod from "zod/mini";
import {
  aborted,
  below,
  type Check,
  type ErrorMap,
  fresh,
  type Issue,
  isMap,
  make,
  type Payload,
  type Schema,
} from "./schema.ts";

/**
 * What configs need of zod/mini, with its names, types and meaning: the package brings what nobody here uses, in every
 * bundle. One way only, never asynchronous; records have texts for keys. `test/model/zod.test.ts` holds both to the same
 * errors and values.
 */
export type { core, infer, ZodMiniType } from "zod/mini";

/** A schema of values for which `is` holds. */
function simple(type: string, is: (value: unknown) => boolean, error?: ErrorMap): Schema {
  return make({ type, error }, (payload, inst) => {
    if (!is(payload.value))
      payload.issues.push({ code: "invalid_type", expected: type, input: payload.value, inst });
    return payload;
  });
}

function oneOf(type: string, values: readonly unknown[]): Schema {
  return make({ type, values }, (payload, inst) => {
    if (!values.includes(payload.value))
      payload.issues.push({ code: "invalid_value", values, input: payload.value, inst });
    return payload;
  });
}

function bound(limit: number, code: "too_small" | "too_big"): Check["run"] {
  return ({ value, issues }) => {
    const side = code === "too_big" ? "maximum" : "minimum";
    const units = typeof value === "number" ? value : (value as string | unknown[]).length;
    // Characters outside of the basic plane count once; beyond twice the limit that changes nothing.
    const counted = typeof value === "string" && units >= limit && units <= 2 * limit;
    const size = counted ? [...value].length : units;
    if (code === "too_big" ? size <= limit : size >= limit) return;
    const origin = Array.isArray(value) ? "array" : typeof value;
    issues.push({ code, [side]: limit, inclusive: true, origin, input: value, continue: true });
  };
}

const hasLength = ({ value }: Payload): boolean =>
  (value as { length?: unknown } | null | undefined)?.length !== undefined;

const whole: Check = {
  run({ value, issues }) {
    const issue = { input: value, origin: "int", inclusive: true, continue: true };
    if (!Number.isInteger(value))
      issues.push({
        code: "invalid_type",
        expected: "int",
        format: "safeint",
        input: value,
        continue: false,
      });
    else if ((value as number) > Number.MAX_SAFE_INTEGER)
      issues.push({ ...issue, code: "too_big", maximum: Number.MAX_SAFE_INTEGER });
    else if ((value as number) < Number.MIN_SAFE_INTEGER)
      issues.push({ ...issue, code: "too_small", minimum: Number.MIN_SAFE_INTEGER });
  },
};

const numeric = (checks: readonly Check[]): Schema =>
  make(
    { type: "number" },
    (payload, inst) => {
      if (!Number.isFinite(payload.value))
        payload.issues.push({ code: "invalid_type", expected: "number", input: payload.value, inst });
      return payload;
    },
    {},
    checks,
  );

const copy = (value: unknown): unknown =>
  Array.isArray(value) ? [...value] : isMap(value) ? { ...value } : value;

function filled(type: string, inner: Schema, value: unknown, through: boolean): Schema {
  const given = (): unknown => (typeof value === "function" ? value() : copy(value));
  return make(
    { type },
    (payload) => {
      if (payload.value !== undefined) {
        const result = inner._zod.run(payload);
        if (result.value === undefined && !through) result.value = given();
        return result;
      }
      payload.value = given();
      return through ? inner._zod.run(payload) : payload;
    },
    { optin: "defaulted" },
  );
}

/** The value of a refusal: like nothing that a config may hold. */
export const NEVER = Object.freeze({ status: "aborted" }) as never;

export const unknown = (() =>
  make({ type: "unknown" }, (payload) => payload)) as unknown as typeof zod.unknown;

export const string = ((params?: { error?: ErrorMap }) =>
  simple("string", (value) => typeof value === "string", params?.error)) as unknown as typeof zod.string;

export const boolean = (() =>
  simple("boolean", (value) => typeof value === "boolean")) as unknown as typeof zod.boolean;

export const number = (() => numeric([])) as unknown as typeof zod.number;
export const int = (() => numeric([whole])) as unknown as typeof zod.int;

export const literal = ((value: unknown) => oneOf("literal", [value])) as unknown as typeof zod.literal;

const choice = ((values: readonly unknown[]) => oneOf("enum", values)) as unknown as typeof zod.enum;

export { choice as enum };

export const minimum = ((limit: number): Check => ({
  run: bound(limit, "too_small"),
})) as unknown as typeof zod.minimum;

export const maximum = ((limit: number): Check => ({
  run: bound(limit, "too_big"),
})) as unknown as typeof zod.maximum;

export const minLength = ((limit: number): Check => ({
  run: bound(limit, "too_small"),
  when: hasLength,
})) as unknown as typeof zod.minLength;

export const maxLength = ((limit: number): Check => ({
  run: bound(limit, "too_big"),
  when: hasLength,
  most: limit,
})) as unknown as typeof zod.maxLength;

export const superRefine = ((
  refine: (value: unknown, context: Payload & { addIssue(issue: Issue): void }) => void,
  params?: Pick<Check, "when">,
): Check => ({
  ...params,
  run(payload) {
    const addIssue = (issue: Issue) => payload.issues.push({ continue: true, ...issue });
    refine(payload.value, { ...payload, addIssue });
  },
})) as unknown as typeof zod.superRefine;

export const array = ((element: Schema) =>
  make({ type: "array" }, (payload, inst, checks) => {
    const input = payload.value;
    if (!Array.isArray(input)) {
      payload.issues.push({ code: "invalid_type", expected: "array", input, inst });
      return payload;
    }
    for (const { most = Number.POSITIVE_INFINITY, run } of checks) {
      if (input.length <= most) continue;
      run(payload);
      payload.issues.at(-1)!.continue = false;
      return payload;
    }
    payload.value = input.map((item, i) => {
      const result = element._zod.run(fresh(item));
      below(i, result, payload);
      return result.value;
    });
    return payload;
  })) as unknown as typeof zod.array;

/** Reads `input[key]` into `payload.value[key]`. */
function property(schema: Schema, input: Record<string, unknown>, key: string, payload: Payload): void {
  const { run, optin, optout } = schema._zod;
  const present = key in input;
  const result = run(fresh(input[key]));
  if (!present && optout === "optional" && optin !== undefined) {
    if (optin === "optional" || result.issues.length > 0) return;
  }
  below(key, result, payload);
  if (!present && optin === undefined) {
    if (result.issues.length === 0)
      payload.issues.push({ code: "invalid_type", expected: "nonoptional", path: [key] });
    return;
  }
  if (result.value !== undefined || present || (optin === "defaulted" && optout === undefined))
    (payload.value as Record<string, unknown>)[key] = result.value;
}

export const strictObject = ((shape: Readonly<Record<string, Schema>>) => {
  const entries = Object.entries(shape);
  const known = new Set(Object.keys(shape));
  return make({ type: "object", shape }, (payload, inst) => {
    const input = payload.value;
    if (!isMap(input)) {
      payload.issues.push({ code: "invalid_type", expected: "object", input, inst });
      return payload;
    }
    payload.value = {};
    for (const [key, schema] of entries) property(schema, input, key, payload);
    const keys = Object.keys(input).filter((key) => !known.has(key));
    if (keys.length > 0)
      payload.issues.push({ code: "unrecognized_keys", keys, input, inst, continue: true });
    return payload;
  });
}) as unknown as typeof zod.strictObject;

export const record = ((_key: Schema, schema: Schema) =>
  make({ type: "record" }, (payload, inst) => {
    const input = payload.value;
    if (!isMap(input)) {
      payload.issues.push({ code: "invalid_type", expected: "record", input, inst });
      return payload;
    }
    const values: Record<string, unknown> = {};
    payload.value = values;
    for (const key of Object.keys(input)) {
      // Set, it would be the prototype of what is read.
      if (key === "__proto__") continue;
      const result = schema._zod.run(fresh(input[key]));
      below(key, result, payload);
      values[key] = result.value;
    }
    return payload;
  })) as unknown as typeof zod.record;

export const union = ((options: readonly Schema[]) => {
  const any = (of: "optin" | "optout", value: string) => options.some(({ _zod }) => _zod[of] === value);
  const optin = any("optin", "defaulted") ? "defaulted" : any("optin", "optional") ? "optional" : undefined;
  return make(
    { type: "union", options },
    (payload, inst) => {
      const results: Payload[] = [];
      for (const { _zod } of options) {
        const result = _zod.run(fresh(payload.value));
        if (result.issues.length === 0) return result;
        results.push(result);
      }
      const sound = results.filter((result) => !aborted(result));
      if (sound.length === 1) return sound[0]!;
      payload.issues.push({ code: "invalid_union", input: payload.value, inst });
      return payload;
    },
    { optin, optout: any("optout", "optional") ? "optional" : undefined },
  );
}) as unknown as typeof zod.union;

export const transform = ((change: (value: unknown, context: Payload) => unknown) =>
  make(
    { type: "transform" },
    (payload) => {
      payload.value = change(payload.value, payload);
      return payload;
    },
    { optin: "optional" },
  )) as unknown as typeof zod.transform;

export const pipe = ((from: Schema, to: Schema) =>
  make(
    { type: "pipe" },
    (payload) => {
      const left = from._zod.run(payload);
      if (left.issues.some(({ code }) => code !== "unrecognized_keys")) {
        left.aborted = true;
        return left;
      }
      return to._zod.run({ value: left.value, issues: left.issues });
    },
    { optin: from._zod.optin, optout: to._zod.optout },
  )) as unknown as typeof zod.pipe;

export const optional = ((inner: Schema) => {
  const { run, optin } = inner._zod;
  return make(
    { type: "optional" },
    (payload) => {
      if (payload.value !== undefined) return run(payload);
      if (optin !== "defaulted") return payload;
      const result = run(fresh(undefined));
      payload.value = result.issues.length > 0 ? undefined : result.value;
      return payload;
    },
    { optin: optin === "defaulted" ? "defaulted" : "optional", optout: "optional" },
  );
}) as unknown as typeof zod.optional;

export const _default = ((inner: Schema, value: unknown) =>
  filled("default", inner, value, false)) as unknown as typeof zod._default;

export const prefault = ((inner: Schema, value: unknown) =>
  filled("prefault", inner, value, true)) as unknown as typeof zod.prefault;
