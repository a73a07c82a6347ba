import { Ajv2020, type AnySchemaObject } from "ajv/dist/2020.js";
import { openapi, problemsOf } from "../../tools/openapi/document.ts";
import { OPERATIONS, type Operation } from "../../tools/openapi/operations.ts";
import type { Answer } from "./client.ts";

/** `get /v1/pools`: how tests name an operation. */
export const nameOf = ({ method, path }: Operation) => `${method} ${path}`;

export function operation(name: string): Operation {
  const found = OPERATIONS.find((one) => nameOf(one) === name);
  if (found === undefined) throw new Error(`there is no operation ${name}`);
  return found;
}

/** Holds answers to a served OpenAPI document, and knows which of those that it describes were seen. */
export class Contract {
  readonly #seen = new Set<string>();
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });

  constructor(document: AnySchemaObject) {
    this.#ajv.addSchema(document, "served");
    // The same with nothing beside what is described: a member that was forgotten is found here.
    this.#ajv.addSchema(openapi(true) as AnySchemaObject, "exact");
  }

  /** What is wrong with an answer; empty when it is one that the document describes. */
  check(name: string, { status, headers, body }: Answer): string[] {
    this.#seen.add(`${name} ${status}`);
    const one = operation(name);
    const type = String(headers["content-type"] ?? "").split(";")[0]!;
    if (status === 200) {
      const { answer, etag, method, path } = one;
      const at = `/paths/${escaped(`/_mooring${path}`)}/${method}/responses/200`;
      const wrong = etag === true && !/^"[1-9]\d*"$/.test(headers.etag ?? "") ? ["it has no ETag"] : [];
      if (typeof answer !== "string") return [...wrong, ...this.#invalid(at, type, body)];
      return type === answer ? wrong : [`it is ${type}, not ${answer}`];
    }
    if (!problemsOf(one).includes(status)) return [`${status} is not described: ${body}`];
    return [
      ...this.#invalid(`/components/responses/${status}`, type, body),
      ...unhelpful(status, headers, body),
    ];
  }

  /** The answers that are described and were not seen. */
  unseen(): string[] {
    return OPERATIONS.flatMap((one) =>
      [200, ...problemsOf(one)].map((status) => `${nameOf(one)} ${status}`),
    ).filter((answer) => !this.#seen.has(answer));
  }

  #invalid(at: string, type: string, body: string): string[] {
    return ["served", "exact"].flatMap((id) => {
      const validate = this.#ajv.getSchema(`${id}#${at}/content/${escaped(type)}/schema`);
      if (validate === undefined) return [`${id}: ${type} is not described at ${at}`];
      return validate(JSON.parse(body)) ? [] : [`${id}: ${this.#ajv.errorsText(validate.errors)} in ${body}`];
    });
  }
}

/** What a problem owes to whoever reads it, beyond its schema. */
function unhelpful(status: number, headers: Answer["headers"], body: string): string[] {
  const problem = JSON.parse(body) as Record<string, unknown>;
  const wrong: string[] = [];
  if (problem.status !== status) wrong.push(`its status is ${problem.status}`);
  if (problem.type !== `urn:mooring:problem:${problem.code}`) wrong.push(`its type is ${problem.type}`);
  if (!/^\S.{8,}\S$/s.test(String(problem.detail))) wrong.push(`its detail says nothing: ${problem.detail}`);
  if (status === 429 && headers["retry-after"] === undefined) wrong.push("it has no Retry-After");
  if (status === 401 && headers["www-authenticate"] !== "Bearer") wrong.push("it asks for no token");
  return wrong;
}

/** A key as part of a JSON pointer in a URI. */
function escaped(key: string): string {
  return encodeURIComponent(key.replace(/~/g, "~0").replace(/\//g, "~1"));
}
