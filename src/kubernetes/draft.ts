import { Fault } from "../config/fault.ts";
import type { Cluster, Service, ServicePort } from "./cluster.ts";
import { podsOf } from "./endpoints.ts";
import type { Owner } from "./field.ts";
import { healthOf } from "./health.ts";

/** A pool of native config in the making: features set its keys. */
export interface PoolDraft {
  readonly name: string;
  readonly service: Service;
  readonly port: ServicePort;
  readonly native: Record<string, unknown>;
  /** Undefined: the pool of all its pods. */
  readonly variant?: Variant | undefined;
}

/** The port of a Service by number or name, as an Ingress has it. */
export interface PortRef {
  readonly namespace: string;
  readonly service: string;
  readonly port: number | string;
}

/** A pool of a Service's port beside the one of all its pods: of a subset, or with sessions of its own. */
export interface Variant {
  /** Stands at the end of the pool's name: what has another is another pool. */
  readonly suffix: string;
  /** Which pods it has, by their name; undefined: all. One of which no name is told is asked for as undefined. */
  readonly only?: ((pod: string | undefined) => boolean) | undefined;
}

/** The native config that is being made, and who asked for each part of it. */
export class Draft {
  readonly pools: Record<string, unknown> = {};
  readonly routes: unknown[] = [];
  /** Other keys at the top. */
  readonly top: Record<string, unknown> = { version: 1 };
  /** Whether anything in the documents says where requests go. */
  routed = false;
  /** `pools.NAME`, `pools.NAME.KEY` where that is another's, and `routes[i]` → the object that they are from. */
  readonly origins = new Map<string, string>();
  readonly #cluster: Cluster;
  readonly #made = new Map<string, PoolDraft>();
  readonly #served = new Set<Service | ServicePort>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** The pools of Services so far. */
  get made(): readonly PoolDraft[] {
    return [...this.#made.values()];
  }

  /** Whether there is a pool of it so far. */
  serves(one: Service | ServicePort): boolean {
    return this.#served.has(one);
  }

  /**
   * The pool of a Service's port, made when it is first asked for; undefined where the documents have no such Service or
   * port. One that is referred to by number and by name has two, as in ingress-nginx; each variant is one more.
   */
  pool(ref: PortRef, variant?: Variant): PoolDraft | undefined {
    const service = this.#cluster.services.get(`${ref.namespace}/${ref.service}`);
    const port = service?.ports.find(({ port, name }) => ref.port === port || ref.port === name);
    if (service === undefined || port === undefined) return undefined;
    const name = poolName(ref, variant);
    const known = this.#made.get(name);
    // Of a subset and of all pods are two, also where they are called alike: the second is an error.
    const isPart = (one: Variant | undefined) => one?.only !== undefined;
    if (known !== undefined && known.port === port && isPart(known.variant) === isPart(variant)) return known;
    const pods = podsOf(this.#cluster, service, port, variant?.only);
    const native: Record<string, unknown> = {
      ...service.native,
      pods: pods.list,
      ...(pods.hinted ? { zones: "prefer" } : {}),
    };
    const found = healthOf(this.#cluster, service, port, variant?.only && pods.list);
    if (found !== undefined) native.health = found.health;
    if (!this.addPool(name, native, service.object)) return undefined;
    if (found !== undefined) this.origins.set(`pools.${name}.health`, found.object.label);
    const draft = { name, service, port, native, variant };
    this.#made.set(name, draft);
    this.#served.add(service).add(port);
    return draft;
  }

  /** A pool of another kind; false when there is one of that name, which is an error with both places. */
  addPool(name: string, native: unknown, origin: Owner): boolean {
    if (Object.hasOwn(this.pools, name)) {
      const other = this.origins.get(`pools.${name}`);
      const message = `the pool ${JSON.stringify(name)} is ${other}'s already`;
      this.#cluster.report.error(
        origin.label,
        ["pools", name],
        new Fault(message, "give one of the two another name"),
      );
      return false;
    }
    this.pools[name] = native;
    this.origins.set(`pools.${name}`, origin.label);
    return true;
  }

  addRoute(native: Readonly<Record<string, unknown>>, origin: Owner): void {
    this.origins.set(`routes[${this.routes.length}]`, origin.label);
    this.routes.push(native);
  }
}

/**
 * `<namespace>-<service>-<port>` as ingress-nginx names its backends, and a variant's suffix; past 63 characters a hash of it
 * stands at its end.
 */
export function poolName({ namespace, service, port }: PortRef, variant?: Pick<Variant, "suffix">): string {
  const suffix = variant === undefined ? "" : `-${variant.suffix}`;
  const name = `${namespace}-${service}-${port}${suffix}`;
  // Subsets that differ by case alone are two.
  if (/^[a-z0-9-]{1,63}$/.test(name)) return name;
  const plain = name.toLowerCase().replace(/[^a-z0-9-]/g, "-");
  return `${plain.slice(0, 54)}-${fnv1a(name)}`;
}

/** FNV-1a of 32 bits, as 8 hex digits. */
export function fnv1a(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
