import { z } from "zod";
import { OPERATIONS, type Operation, QUERY } from "./operations.ts";
import { named } from "./schemas.ts";

type Json = Record<string, unknown>;

/** What every call may meet, and every call with a token. */
const ALWAYS = [403];
const WITH_TOKEN = [401, 403, 429, 503];

const STATUS: Readonly<Record<number, string>> = {
  400: "The query is not valid",
  401: "No token, or a wrong one",
  403: "Another scope is needed, or another site asks",
  404: "It is not there",
  409: "Its state does not allow it",
  412: "Another revision is in force",
  413: "The body is too large",
  415: "The content type is not taken",
  422: "The body is not valid",
  428: "If-Match is needed",
  429: "Too many failed logins",
  503: "Off, or a part that is needed is away",
};

/**
 * The admin API as an OpenAPI 3.1 document.
 *
 * @param exact answers hold nothing that is not described: for tests alone, as a later version may say more
 */
export function openapi(exact = false): Json {
  const used = new Set(OPERATIONS.flatMap(problemsOf));
  return {
    openapi: "3.1.0",
    info: {
      title: "Mooring",
      version: "1",
      summary: "See, plan, explain and change what keeps sessions on pods",
    },
    security: [{ token: [] }],
    paths: pathsOf(),
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      responses: Object.fromEntries([...used].sort().map((status) => [status, answered(status)])),
      schemas: schemasOf(exact),
    },
  };
}

function pathsOf(): Json {
  const paths: Record<string, Json> = {};
  for (const operation of OPERATIONS) {
    const path = `/_mooring${operation.path}`;
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
    paths[path] ??= names.length === 0 ? {} : { parameters: names.map((name) => parameter(name, "path")) };
    paths[path][operation.method] = operationOf(operation);
  }
  return paths;
}

function operationOf(operation: Operation): Json {
  const { scope, summary, query = [], headers = [], body } = operation;
  const parameters = [
    ...query.map((name) => parameter(name, "query")),
    ...headers.map((name) => parameter(name, "header")),
  ];
  const problems = problemsOf(operation).sort();
  return {
    summary,
    security: scope === null ? [] : [{ token: [scope] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: requestOf(body) }),
    responses: {
      200: done(operation),
      ...Object.fromEntries(problems.map((status) => [status, { $ref: `#/components/responses/${status}` }])),
    },
  };
}

/** Status codes of the problems that a call may be answered with. */
export function problemsOf({ scope, path, problems }: Operation): number[] {
  // A query that a call does not take is refused; what scrapes metrics adds what it likes.
  const query = path.startsWith("/v1/") ? [400] : [];
  return [...new Set([...(scope === null ? ALWAYS : WITH_TOKEN), ...query, ...problems])];
}

function parameter(name: string, place: "path" | "query" | "header"): Json {
  const schema = place === "query" ? QUERY[name as keyof typeof QUERY] : { type: "string" };
  return { name, in: place, ...(place === "path" ? { required: true } : {}), schema };
}

function requestOf({ schema, types, required }: NonNullable<Operation["body"]>): Json {
  const content = Object.fromEntries(types.map((type) => [type, { schema: reference(schema) }]));
  return { ...(required ? { required } : {}), content };
}

function done({ answer, stream, etag }: Operation): Json {
  const [type, content] =
    typeof answer === "string" ? [answer, {}] : ["application/json", { schema: reference(answer) }];
  // OpenAPI 3.1 has no word for a stream: its data are of this schema, one by one.
  const more = stream === undefined ? {} : { "text/event-stream": { schema: reference(stream) } };
  const headers = { ETag: { schema: { type: "string" } } };
  return {
    description: "Done",
    ...(etag === true ? { headers } : {}),
    content: { [type]: content, ...more },
  };
}

function answered(status: number): Json {
  const schema = { $ref: "#/components/schemas/Problem" };
  const headers = { "Retry-After": { schema: { type: "string" } } };
  return {
    description: STATUS[status],
    ...(status === 429 ? { headers } : {}),
    content: { "application/problem+json": { schema } },
  };
}

function schemasOf(exact: boolean): Json {
  const { schemas } = z.toJSONSchema(named, { io: exact ? "output" : "input", uri });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, tidy(schema)]));
}

const uri = (id: string) => `#/components/schemas/${id}`;

/** Each has a name. */
function reference(schema: z.ZodType): Json {
  const id = named.get(schema)?.id;
  if (id === undefined) throw new Error("a schema of an operation is not exported, and has no name");
  return { $ref: uri(id) };
}

/** Without what says nothing: whole numbers of JSON are safe, or were none, and the names stand outside. */
function tidy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidy);
  if (typeof value !== "object" || value === null) return value;
  const { $schema: _, $id: __, id, anyOf, ...rest } = value as Json;
  if (rest.maximum === Number.MAX_SAFE_INTEGER) delete rest.maximum;
  if (rest.minimum === Number.MIN_SAFE_INTEGER) delete rest.minimum;
  const tidied = Object.fromEntries(Object.entries(rest).map(([key, part]) => [key, tidy(part)]));
  if (typeof id === "object") tidied.id = tidy(id);
  if (!Array.isArray(anyOf)) return tidied;
  const [first, second, ...more] = anyOf.map(tidy) as Json[];
  const plain = typeof first?.type === "string" && first.properties === undefined;
  if (plain && second?.type === "null" && more.length === 0) {
    return { ...tidied, ...first, type: [first.type, "null"] };
  }
  return { ...tidied, anyOf: [first, second, ...more] };
}
