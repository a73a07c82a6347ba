import { Fault } from "../../config/fault.ts";
import type { Field } from "../field.ts";
import type { KubernetesObject } from "../object.ts";
import type { Read } from "../read.ts";

const PREFIX = "nginx.ingress.kubernetes.io/";

/**
 * The text of an annotation; undefined where there is none. The API server takes texts alone: a number or boolean without
 * quotes is told of and taken as it is written.
 */
function textOf(field: Field): string | undefined {
  const { value } = field;
  if (value === undefined) return undefined;
  if (typeof value === "object") {
    field.notice("invalid", "an annotation is a text: it is left out");
    return undefined;
  }
  field.take();
  if (typeof value !== "string")
    field.notice("invalid", `an annotation is a text: put it in quotes; it is taken as "${value}"`);
  const text = String(value);
  if (text.trim() !== "") return text;
  field.notice("invalid", "it is empty, and left out");
  return undefined;
}

/** What ingress-nginx's annotations of one object say. What does not fit has no effect there either, and is told. */
export class Annotations {
  readonly object: KubernetesObject;

  constructor(object: KubernetesObject) {
    this.object = object;
  }

  field(name: string): Field {
    return this.object.annotation(PREFIX + name);
  }

  has(name: string): boolean {
    return this.field(name).present;
  }

  text(name: string): string | undefined {
    return textOf(this.field(name));
  }

  /** @param otherwise what ingress-nginx takes in place of what does not fit, which is told */
  read<T>(name: string, read: Read<T>, otherwise: T): T {
    const found = this.#read(name, read);
    if (!(found instanceof Fault)) return found ?? otherwise;
    const taken = otherwise === undefined ? "it is left out" : `${String(otherwise)} is taken`;
    this.field(name).notice("invalid", `${found.message}: ${taken}`);
    return otherwise;
  }

  /** The same of one for whose sake ingress-nginx would pass over the whole Ingress: an error. */
  demand<T>(name: string, read: Read<T>): T | undefined {
    const found = this.#read(name, read);
    if (!(found instanceof Fault)) return found;
    return this.field(name).refuse(
      new Fault(found.message, `${found.hint}: ingress-nginx skips the Ingress`),
    );
  }

  ignore(name: string, why: string): void {
    this.field(name).ignore(why);
  }

  #read<T>(name: string, read: Read<T>): T | undefined | Fault {
    const text = this.text(name);
    return text === undefined ? undefined : read(text);
  }
}

function reader<T>(what: string, parse: (text: string) => T | undefined): Read<T> {
  return (value) => parse(String(value)) ?? new Fault(`expected ${what}`, `write ${what}`);
}

/** As Go's strconv.ParseBool. */
export const goBool = reader('"true" or "false"', (text) => {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
  return /^(?:0|f|F|FALSE|false|False)$/.test(text) ? false : undefined;
});

/** A whole number within bounds. */
export const whole = (least: number, most: number): Read<number> =>
  reader(`a whole number from ${least} to ${most}`, (text) =>
    /^-?\d{1,15}$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : undefined,
  );

/** A text that fits a pattern. */
export const like = (pattern: RegExp, what: string): Read<string> =>
  reader(what, (text) => (pattern.test(text) ? text : undefined));

export const oneWord = <const T extends string>(...words: T[]): Read<T> =>
  reader(words.map((word) => `"${word}"`).join(" or "), (text) => words.find((word) => word === text));
