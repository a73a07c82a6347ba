import { dump } from "js-yaml";

/** A value as YAML for people: pods, routes and the like take a line each. */
export function yamlOf(value: unknown): string {
  return dump(value, { flowLevel: 4, lineWidth: -1, noRefs: true });
}
