import type { Field } from "./field.ts";
import type { KubernetesObject } from "./object.ts";
import type { Report } from "./report.ts";

/** A Service, as its file reads it. */
export interface Service {
  readonly object: KubernetesObject;
  readonly namespace: string;
  readonly name: string;
  /** Those of TCP. */
  readonly ports: readonly ServicePort[];
  /** Undefined: its endpoints are given by hand. */
  readonly selector: Readonly<Record<string, string>> | undefined;
  /** What it says of its pools, in native config: policy, affinity, zones. */
  readonly native: Readonly<Record<string, unknown>>;
  /** `publishNotReadyAddresses`: pods count as ready, which slices say themselves. */
  readonly unready: boolean;
}

export interface ServicePort {
  /** Empty where the only port has none. */
  readonly name: string;
  readonly port: number;
  /** A number, or the name of a container's port. */
  readonly target: number | string;
  readonly scheme: "http" | "https";
  readonly field: Field;
}

/** Endpoints that share their ports: an EndpointSlice, or a subset of Endpoints. */
export interface Group {
  readonly object: KubernetesObject;
  readonly ports: readonly { readonly name: string; readonly port: number; readonly field: Field }[];
  readonly endpoints: readonly Endpoint[];
}

export interface Endpoint {
  /** As it stands in a URL: an IPv6 address in brackets. */
  readonly address: string;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  /** The pod's name, where one is told. */
  readonly pod?: string | undefined;
  readonly zone?: string | undefined;
  /** Zones for whose clients it is meant; empty: it has no hint. */
  readonly hints: readonly string[];
}

/** A Pod by itself. */
export interface Pod {
  readonly object: KubernetesObject;
  readonly containers: readonly Container[];
  readonly endpoints: readonly Endpoint[];
}

/** What the pods of a workload, or a Pod, are made of. */
export interface Template {
  readonly object: KubernetesObject;
  readonly containers: readonly Container[];
}

export interface Container {
  readonly field: Field;
  /** Its ports that have a name. */
  readonly ports: ReadonlyMap<string, number>;
  readonly numbers: readonly number[];
}

type Labels = Readonly<Record<string, string>>;

/** What selectors select, found by a label: Services and Pods of a large cluster are too many to try each with each. */
class Selectable<T> {
  readonly all: T[] = [];
  readonly #by = new Map<string, { readonly item: T; readonly labels: Labels }[]>();

  add(item: T, namespace: string, labels: Labels): void {
    this.all.push(item);
    for (const [key, value] of Object.entries(labels)) {
      const place = JSON.stringify([namespace, key, value]);
      const there = this.#by.get(place);
      if (there === undefined) this.#by.set(place, [{ item, labels }]);
      else there.push({ item, labels });
    }
  }

  /** Those that have all that the selector asks for, in their order; an empty one asks for nothing, and selects nobody. */
  of({ namespace, selector = {} }: Pick<Service, "namespace" | "selector">): T[] {
    const asked = Object.entries(selector);
    const [[key, value] = []] = asked;
    return (this.#by.get(JSON.stringify([namespace, key, value])) ?? [])
      .filter(({ labels }) =>
        asked.every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value),
      )
      .map(({ item }) => item);
  }
}

/** What all objects say, read one by one before anything is made of it. Keys are `namespace/name`. */
export class Cluster {
  readonly report: Report;
  readonly services = new Map<string, Service>();
  /** EndpointSlices, by their Service. */
  readonly slices = new Map<string, Group[]>();
  /** Endpoints, by their Service. */
  readonly endpoints = new Map<string, Group[]>();
  readonly pods = new Selectable<Pod>();
  readonly templates = new Selectable<Template>();
  readonly #shelves = new Map<symbol, unknown[]>();

  constructor(report: Report) {
    this.report = report;
  }

  /** What a feature keeps for itself between reading and applying. */
  shelf<T>(key: symbol): T[] {
    const shelf = this.#shelves.get(key) ?? [];
    this.#shelves.set(key, shelf);
    return shelf as T[];
  }
}
