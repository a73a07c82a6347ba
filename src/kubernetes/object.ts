import type { Path } from "../config/diagnostic.ts";
import { Field, type Owner } from "./field.ts";
import { text } from "./read.ts";
import type { Report } from "./report.ts";

/** A Kubernetes object as it came: a value, and where it stood. */
export interface Placed {
  readonly value: unknown;
  /** `document 2, line 14`, `document 1, line 1, items[3]` */
  readonly place: string;
  /** What the list that held it says of its items, where those do not say it themselves. */
  readonly kind?: string | undefined;
  readonly apiVersion?: string | undefined;
}

/** What the API server writes, or only tools read. */
const BOOKKEEPING = [
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "managedFields",
  "ownerReferences",
  "finalizers",
  "selfLink",
  "generateName",
  "clusterName",
  // They mean something to those who select by them.
  "labels",
];

/** Annotations that tools and controllers keep for themselves. */
const KEPT =
  /^(?:kubectl|deployment|endpoints|meta\.helm|autoscaling|control-plane\.alpha)\.(?:kubernetes\.io|sh)\//;

/** One object, with what every kind has. */
export class KubernetesObject implements Owner {
  readonly report: Report;
  readonly place: string;
  /** Empty when it does not say. */
  readonly kind: string;
  /** Group and kind: `Service`, `networking.k8s.io/Ingress`. */
  readonly type: string;
  readonly name: string;
  readonly namespace: string;
  /** `Service shop/cart`; how notices and errors call it. */
  readonly label: string;
  readonly root: Field;
  readonly labels: Readonly<Record<string, string>>;
  #ignored = false;

  /** @param namespaced whether an object of this type is in a namespace, which is `default` where it does not say */
  constructor({ value, place, ...list }: Placed, report: Report, namespaced: (type: string) => boolean) {
    this.report = report;
    this.place = place;
    const peek = (of: unknown, key: string): unknown =>
      typeof of === "object" && of !== null && Object.hasOwn(of, key)
        ? (of as Record<string, unknown>)[key]
        : undefined;
    const word = (found: unknown) => (typeof found === "string" ? found.slice(0, 253) : "");
    const metadata = peek(value, "metadata");
    this.kind = word(peek(value, "kind")) || list.kind || "";
    const version = word(peek(value, "apiVersion")) || list.apiVersion || "";
    const group = version.includes("/") ? `${version.split("/")[0]}/` : "";
    this.type = group + this.kind;
    this.name = word(peek(metadata, "name"));
    const namespace = word(peek(metadata, "namespace"));
    this.namespace = namespace || "default";
    const within = namespace !== "" || namespaced(this.type) ? `${this.namespace}/` : "";
    this.label = `${this.kind || "object"} ${this.name === "" ? `(${place})` : within + this.name}`;
    this.root = new Field(this, value);
    this.labels = this.#account();
  }

  annotation(name: string): Field {
    return this.root.at("metadata", "annotations", name);
  }

  /** One notice for the whole object: the first that is given. */
  ignore(why: string): void {
    if (!this.#ignored) this.root.ignore(why);
    this.#ignored = true;
  }

  /** A notice for all that nobody has taken; what is alike in many items of a list is told once. */
  finish(): void {
    const alike = new Map<string, Path[]>();
    for (const path of this.root.untaken()) {
      const key = JSON.stringify(path.map((part) => (typeof part === "number" ? 0 : part)));
      alike.set(key, [...(alike.get(key) ?? []), path]);
    }
    for (const [path, ...others] of alike.values()) {
      const more = others.length === 0 ? "" : `; so it is in ${others.length} more of the list`;
      this.report.notice("ignored", this.label, path!, `Mooring does not act on it${more}`);
    }
  }

  #account(): Record<string, string> {
    const { root } = this;
    for (const key of ["apiVersion", "kind", "status"]) root.at(key).take();
    const metadata = root.at("metadata");
    for (const key of ["name", "namespace"]) metadata.at(key).read(text);
    const labels: Record<string, string> = {};
    for (const [key, field] of metadata.at("labels").entries()) {
      const value = field.read(text);
      if (value !== undefined) labels[key] = value;
    }
    for (const key of BOOKKEEPING) metadata.at(key).take();
    for (const [key, field] of metadata.at("annotations").entries()) if (KEPT.test(key)) field.take();
    return labels;
  }
}
