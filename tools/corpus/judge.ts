import type { Validated } from "../../src/config/validate.ts";
import type { Expected } from "./expectation.ts";

/** What a document came to besides what it must; empty when it is as expected. */
export function judge(result: Validated, expected: Expected): string[] {
  if (!result.ok) {
    const { refused } = expected;
    if (refused === undefined) return [`refused: ${result.errors[0]?.path}: ${result.errors[0]?.message}`];
    return refused
      .filter((path) => !result.errors.some((error) => error.path.startsWith(path)))
      .map((path) => `no error at ${path}`);
  }
  if (expected.refused !== undefined) return ["taken, and is to be refused"];
  const told = result.notices.map(({ level, object, path }) => `${level} ${object}: ${path}`);
  return [
    ...differences(result.document, expected.config ?? {}, ""),
    ...(expected.notices ?? [])
      .filter((begin) => !told.some((one) => one.startsWith(begin)))
      .map((begin) => `no notice ${begin}`),
  ];
}

/** Where a value lacks a part that is wanted. */
function differences(value: unknown, wanted: unknown, path: string): string[] {
  if (typeof wanted !== "object" || wanted === null)
    return value === wanted ? [] : [`${path} is ${JSON.stringify(value)}, not ${JSON.stringify(wanted)}`];
  if (typeof value !== "object" || value === null) return [`${path} is ${JSON.stringify(value)}`];
  if (Array.isArray(wanted) && (!Array.isArray(value) || value.length !== wanted.length))
    return [`${path} is ${JSON.stringify(value)}, not ${JSON.stringify(wanted)}`];
  return Object.entries(wanted).flatMap(([key, part]) =>
    differences((value as Record<string, unknown>)[key], part, path === "" ? key : `${path}.${key}`),
  );
}
