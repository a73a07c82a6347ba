import document from "./openapi.json";

/** GET /openapi.json: what the admin API takes and answers. Nothing in it is of this deployment, so no token is asked for. */
export function getOpenapi(): Response {
  return Response.json(document, { headers: { "cache-control": "no-cache" } });
}
