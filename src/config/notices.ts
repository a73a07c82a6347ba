import { type PolicyName, policies } from "../policies/index.ts";
import type { Policy } from "../policies/policy.ts";
import { INACTIVE } from "./inactive.ts";
import type { Notice } from "./notice.ts";
import type { Config } from "./schema.ts";
import { list, own, tree } from "./tree.ts";

/** What a good config holds that has no effect. Reads the document, since only there a default is not a wish. */
export function noticesOf(document: unknown, config: Config): Notice[] {
  const pools = tree(tree(document).pools);
  const used = new Set(config.routes.flatMap(({ sides }) => sides.map(({ pool }) => pool)));
  const nowhere: Notice[] = [];
  if (config.routes.length === 0) {
    const message = "there is no route: every request gets 404";
    nowhere.push({ level: "changed", object: "routes", path: "", message });
  }
  const ofPools = config.pools.flatMap(({ name, policy, pods }): Notice[] => {
    const object = `pools.${name}`;
    const inactive = INACTIVE.filter(({ path, fine }) => {
      const values = valuesAt(own(pools, name), path.split("."));
      return values.some((value) => fine?.(value) !== true);
    }).map(
      ({ path }): Notice => ({
        level: "ignored",
        object,
        path,
        message: "accepted, but this version does not act on it yet",
      }),
    );
    const weights = pods.map(({ weight }) => weight);
    const said = (policies[policy.name as PolicyName] as Policy).notice?.(weights, policy.options);
    if (said !== undefined) inactive.push({ level: "changed", object, path: "policy", message: said });
    if (used.has(name)) return inactive;
    const message = "no route leads to this pool, so it takes no sessions";
    return [{ level: "ignored", object, path: "", message }, ...inactive];
  });
  return [...nowhere, ...ofPools];
}

/** Every value at a path; `pods[]` goes through the items of a list. */
function valuesAt(value: unknown, path: readonly string[]): unknown[] {
  const [key, ...rest] = path;
  if (key === undefined) return [value];
  const name = key.replace("[]", "");
  const below = own(tree(value), name);
  if (below === undefined) return [];
  return name === key ? valuesAt(below, rest) : list(below).flatMap((item) => valuesAt(item, rest));
}
