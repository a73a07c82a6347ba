import document from "./openapi.txt";

/** GET /openapi.json: what the admin API takes and answers. Nothing in it is of this deployment, so no token is asked for. */
export function getOpenapi(): Response {
  return new Response(document, {
    headers: { "content-type": "application/json", "cache-control": "no-cache" },
  });
}
