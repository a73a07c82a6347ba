import { formatPath, type Path } from "../config/diagnostic.ts";
import { Fault } from "../config/fault.ts";
import type { Notice } from "../config/notice.ts";
import type { Read } from "./read.ts";
import type { Report } from "./report.ts";

/** What the fields of one object share. */
export interface Owner {
  readonly label: string;
  readonly report: Report;
}

/**
 * A place in a Kubernetes object, which remembers whether it was looked at: what nobody has taken is told at the end, so
 * that nothing is dropped in silence. As in Kubernetes, null is the same as absent.
 */
export class Field {
  readonly owner: Owner;
  /** As it was written; undefined where nothing is. */
  readonly value: unknown;
  readonly #above: Field | undefined;
  readonly #key: PropertyKey;
  #below: Map<PropertyKey, Field> | undefined;
  #taken = false;

  /** @param above absent: the object itself */
  constructor(owner: Owner, value: unknown, above?: Field, key: PropertyKey = "") {
    this.owner = owner;
    this.value = value ?? undefined;
    this.#above = above;
    this.#key = key;
  }

  /** From the object down; empty for the object itself. */
  get path(): Path {
    return this.#above === undefined ? [] : [...this.#above.path, this.#key];
  }

  get present(): boolean {
    return this.value !== undefined;
  }

  /** The field below, of a map; a value that is no map is an error. */
  at(...keys: string[]): Field {
    let field: Field = this;
    for (const key of keys) {
      const map = field.#map();
      field = field.#child(key, map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined);
    }
    return field;
  }

  /** The items of a list; a value that is no list is an error. Null items are passed over, with a notice. */
  items(): Field[] {
    if (!this.present) return [];
    if (!Array.isArray(this.value)) return this.#mistyped("a list") ?? [];
    return this.value.flatMap((value: unknown, i) => {
      const item = this.#child(i, value);
      if (!item.present) item.notice("invalid", "an item without a value is passed over");
      return item.present ? [item] : [];
    });
  }

  /** Keys and fields of a map, in their order. */
  entries(): [string, Field][] {
    return Object.keys(this.#map() ?? {}).map((key) => [key, this.at(key)]);
  }

  /**
   * The value, read; undefined where nothing is. What does not fit is an error, as the API server would refuse it; with a
   * second argument it is a notice, and that is the value, as it is where nothing stands.
   */
  read<T>(read: Read<T>): T | undefined;
  read<T>(read: Read<T>, otherwise: T): T;
  read<T>(read: Read<T>, ...otherwise: [T?]): T | undefined {
    if (!this.present) return otherwise[0];
    this.#taken = true;
    const value = read(this.value);
    if (!(value instanceof Fault)) return value;
    if (otherwise.length === 0) this.refuse(value);
    else this.notice("invalid", `${value.message}: ${String(otherwise[0])} is taken`);
    return otherwise[0];
  }

  /** Accounts for the field and all below: it is read, or means nothing to traffic. */
  take(): this {
    this.#taken = true;
    return this;
  }

  /** An error: the API server or the controller would refuse this. */
  refuse(fault: Fault): undefined {
    this.take().owner.report.error(this.owner.label, this.path, fault);
    return undefined;
  }

  /** One notice that accounts for the field and all below. */
  notice(level: Notice["level"], message: string): void {
    this.take().tell(level, message);
  }

  /** A notice about what is read elsewhere: what is below still has to be taken. */
  tell(level: Notice["level"], message: string): void {
    this.owner.report.notice(level, this.owner.label, this.path, message);
  }

  /** A notice that it has no effect, and why; none where nothing stands. */
  ignore(why: string): void {
    if (this.present) this.notice("ignored", why);
  }

  /** One notice for all below that nobody has taken yet, with the names of what it is. */
  ignoreRest(why: string): void {
    const names = this.untaken().map((path) => formatPath(path.slice(this.path.length)));
    if (names.length === 0) return;
    const more = names.length > 8 ? ` and ${names.length - 8} more` : "";
    this.notice("ignored", `${names.slice(0, 8).join(", ")}${more}: ${why}`);
  }

  /** The paths of what nobody has taken: leaves, and whole values that nobody looked into. */
  untaken(): Path[] {
    if (this.#taken || !this.present) return [];
    if (typeof this.value !== "object") return [this.path];
    const keys = Array.isArray(this.value) ? [...this.value.keys()] : Object.keys(this.value as object);
    if (keys.length > 0 && this.#below === undefined && this.#above !== undefined) return [this.path];
    return keys.flatMap((key) =>
      this.#child(key, (this.value as Record<PropertyKey, unknown>)[key]).untaken(),
    );
  }

  #map(): Readonly<Record<string, unknown>> | undefined {
    const { value } = this;
    if (!this.present || (typeof value === "object" && !Array.isArray(value)))
      return value as Record<string, unknown>;
    return this.#mistyped("a map");
  }

  #mistyped(wanted: string): undefined {
    if (!this.#taken) this.refuse(new Fault(`expected ${wanted}`, "see the reference of the Kubernetes API"));
    return undefined;
  }

  #child(key: PropertyKey, value: unknown): Field {
    this.#below ??= new Map();
    let field = this.#below.get(key);
    if (field === undefined) {
      field = new Field(this.owner, value, this, key);
      this.#below.set(key, field);
    }
    return field;
  }
}
