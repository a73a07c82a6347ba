import { shown } from "../../config/fault.ts";
import type { Cluster } from "../cluster.ts";
import { type Draft, poolName, type Variant } from "../draft.ts";
import type { Field } from "../field.ts";
import type { KubernetesObject } from "../object.ts";
import { keyOf, type ServiceRef, serviceOf } from "./host.ts";
import { Members, membership } from "./members.ts";
import { rulesOf, type Subset } from "./rule.ts";
import { type Led, settle } from "./settle.ts";

/** Where a route of a VirtualService leads. */
export interface Destination {
  readonly host: string;
  readonly subset: string | undefined;
  readonly port: number | undefined;
  readonly object: KubernetesObject;
  readonly field: Field;
  /** The list of destinations that it stands in. */
  readonly list: Field;
}

/** Stands for the port where nobody says which. */
const ANY = "any";
const POOLS = Symbol("pools of destinations");

/** The pools of destinations, with all that rules say of them. */
export class Pools {
  readonly #cluster: Cluster;
  readonly #draft: Draft;
  /** By their names. */
  readonly #led = new Map<string, Led>();
  readonly #used = new Set<Subset>();

  /** The same for all objects of a cluster. */
  static of(cluster: Cluster, draft: Draft): Pools {
    const shelf = cluster.shelf<Pools>(POOLS);
    shelf[0] ??= new Pools(cluster, draft);
    return shelf[0];
  }

  constructor(cluster: Cluster, draft: Draft) {
    this.#cluster = cluster;
    this.#draft = draft;
  }

  /** Whether anything leads to a subset. */
  uses(subset: Subset): boolean {
    return this.#used.has(subset);
  }

  /** Makes the pools of subsets that native routes lead to by their names. */
  serveNamed(names: ReadonlySet<string>): void {
    for (const { target, subsets } of rulesOf(this.#cluster).values()) {
      for (const { port } of this.#cluster.services.get(keyOf(target))?.ports ?? []) {
        for (const subset of subsets.values()) {
          const name = poolName({ ...target, port }, { suffix: subset.name });
          if (!names.has(name) || Object.hasOwn(this.#draft.pools, name)) continue;
          this.#used.add(subset);
          this.serve(target, port, subset, subset.name);
        }
      }
    }
  }

  /**
   * The pool that a destination leads to. Where there is no such Service, port or subset it has no pods, its requests get 503
   * as there, and a notice says what is missing.
   *
   * @param apart another pool of the same pods, with sessions of its own
   */
  lead(to: Destination, apart?: string): Led {
    const of = serviceOf(to.host, to.object.namespace);
    if (of === undefined) {
      to.field.at("host").tell("changed", `${shown(to.host)} is no name of a Service: its requests get 503`);
      return this.nothing({ namespace: to.object.namespace, service: to.host }, ANY, to.object, apart);
    }
    const service = this.#cluster.services.get(keyOf(of));
    const asked = to.port ?? (service?.ports.length === 1 ? service.ports[0]!.port : undefined);
    const port = service?.ports.find((one) => one.port === asked);
    const subset =
      to.subset === undefined ? undefined : rulesOf(this.#cluster).get(keyOf(of))?.subsets.get(to.subset);
    if (subset !== undefined) this.#used.add(subset);
    // A subset may have the name of what is set apart, which is of all pods.
    const taken = apart !== undefined && rulesOf(this.#cluster).get(keyOf(of))?.subsets.has(apart);
    const parts = to.subset === undefined && taken ? ["", apart] : [to.subset, apart];
    const suffix = parts.filter((part) => part !== undefined).join(".");
    if (service === undefined)
      to.field.tell(
        "changed",
        `no Service ${keyOf(of)} with endpoints is among the documents: its requests get 503`,
      );
    else if (asked === undefined)
      to.field.tell(
        "invalid",
        `the Service has ${service.ports.length} ports, so name one: its requests get 503`,
      );
    else if (port === undefined)
      to.field.tell("changed", `the Service has no port ${asked} of TCP: its requests get 503`);
    else if (to.subset !== undefined && subset === undefined)
      to.field.at("subset").tell("changed", "no DestinationRule of the Service has it: its requests get 503");
    else {
      const led = this.serve(of, asked, subset, suffix);
      if (led !== undefined) return led;
    }
    return this.nothing(of, asked ?? ANY, to.object, suffix, subset);
  }

  /** The pool of a Service's port, or of a subset of its pods; undefined where there is no such port. */
  serve(of: ServiceRef, port: number, subset: Subset | undefined, suffix: string): Led | undefined {
    const parts =
      subset === undefined ? undefined : membership(subset, of.namespace, Members.of(this.#cluster));
    const all = subset === undefined || Object.keys(subset.labels).length === 0;
    const variant: Variant | undefined =
      suffix === "" ? undefined : { suffix, ...(all ? {} : { only: parts!.only }) };
    const made = this.#draft.pool({ ...of, port }, variant);
    if (made === undefined || this.#led.has(made.name)) return made;
    this.#led.set(made.name, made);
    if (!all) {
      const unknown = parts!.unknown();
      if (unknown > 0)
        subset.field
          .at("labels")
          .tell(
            "changed",
            `the labels of ${unknown} of the Service's pods are not known, so it has none of them: add Pods, or the workloads that they are of`,
          );
      else if ((made.native.pods as readonly unknown[]).length === 0)
        subset.field.at("labels").tell("changed", "no pod of the Service has them: its requests get 503");
    }
    settle(this.#cluster, this.#draft, made, of, subset);
    return made;
  }

  /** A pool without pods, whose requests get 503. */
  nothing(
    of: ServiceRef,
    port: number | string,
    object: KubernetesObject,
    suffix = "",
    subset?: Subset,
  ): Led {
    const name = poolName({ ...of, port }, suffix === "" ? undefined : { suffix });
    const known = this.#led.get(name);
    if (known !== undefined) return known;
    const led: Led = { name, native: { policy: "least-request", affinity: "none", pods: [] } };
    this.#draft.addPool(name, led.native, object);
    this.#led.set(name, led);
    settle(this.#cluster, this.#draft, led, of, subset);
    return led;
  }
}
