import type { Diagnostic } from "../config/diagnostic.ts";
import { inspect } from "../config/limits.ts";
import type { Notice } from "../config/notice.ts";
import { Cluster } from "./cluster.ts";
import { Draft } from "./draft.ts";
import type { Feature } from "./feature.ts";
import { features } from "./features/index.ts";
import { flatten } from "./flatten.ts";
import { merge } from "./merge.ts";
import { KubernetesObject, type Placed } from "./object.ts";
import { Report } from "./report.ts";

/** One native config of all documents, not yet validated, or every error. */
export type Translated =
  | {
      readonly document: Readonly<Record<string, unknown>>;
      readonly notices: readonly Notice[];
      /** `pools.NAME`, `pools.NAME.KEY` and `routes[i]` of what was made → the object that it is from. */
      readonly origins: ReadonlyMap<string, string>;
    }
  | { readonly errors: readonly Diagnostic[] };

const byType = new Map<string, Feature>(
  features.flatMap((feature) => feature.types.map((type) => [type, feature])),
);

/**
 * Kubernetes objects beside native documents → one native config, with a notice for everything that is not in it. Pure;
 * never throws, whatever the values are.
 *
 * @param native documents of native config, which are merged
 * @param placed Kubernetes objects, and lists of them
 */
export function translate(native: readonly Placed[], placed: readonly Placed[]): Translated {
  const report = new Report();
  const all = [...native, ...placed];
  const limit = inspect(all.map(({ value }) => value));
  if (limit !== undefined) {
    const [, i = "", rest = ""] = /^\[(\d+)\]\.?(.*)$/s.exec(limit.path) ?? [];
    const place = all[Number(i)]?.place;
    return { errors: [{ ...limit, path: i === "" || place === undefined ? "" : `${place}: ${rest}` }] };
  }
  const cluster = new Cluster(report);
  const draft = new Draft(cluster);
  merge(native, draft, report);
  const objects = latest(flatten(placed, report), report);
  for (const object of objects) read(object, cluster, draft);
  for (const feature of features) feature.apply?.(cluster, draft);
  for (const object of objects) object.finish();
  if (report.errors.length > 0) return { errors: report.errors };
  const document = { ...draft.top, pools: draft.pools, routes: draft.routes };
  return { document, notices: report.notices, origins: draft.origins };
}

function read(object: KubernetesObject, cluster: Cluster, draft: Draft): void {
  const feature = byType.get(object.type);
  if (feature === undefined) {
    const why =
      object.kind === ""
        ? "it has no kind, so nothing is known of it"
        : "Mooring does not read objects of this kind";
    object.ignore(why);
    return;
  }
  const name = object.root.at("metadata", "name");
  if (object.name === "" && !object.root.at("metadata", "generateName").present)
    name.notice("invalid", "it has no name, so nothing can lead to it");
  if (feature.routes) draft.routed = true;
  if (object.root.at("spec").present || feature.specless) feature.read(object, cluster);
  else object.root.notice("invalid", "it has no spec, so nothing can be made of it");
}

/**
 * Of objects with one name the last counts, as when they are applied one after the other; an earlier one must be right by
 * itself all the same.
 */
function latest(placed: readonly Placed[], report: Report): KubernetesObject[] {
  const namespaced = (type: string) => byType.has(type) && byType.get(type)?.clusterWide !== true;
  const objects = placed.map((one) => new KubernetesObject(one, report, namespaced));
  const last = new Map(objects.map((object) => [keyOf(object), object]));
  return objects.filter((object, i) => {
    const other = last.get(keyOf(object))!;
    if (object.name === "" || other === object) return true;
    const apart = new Report();
    const cluster = new Cluster(apart);
    read(new KubernetesObject(placed[i]!, apart, namespaced), cluster, new Draft(cluster));
    report.errors.push(...apart.errors);
    const why = `the object of that name in ${other.place} comes later and counts`;
    report.notice("ignored", `${object.label} (${object.place})`, [], why);
    return false;
  });
}

function keyOf({ type, namespace, name }: KubernetesObject): string {
  return `${type} ${namespace}/${name}`;
}
