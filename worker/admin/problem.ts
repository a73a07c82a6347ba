/** An error of the admin API as problem+json; `extra` members stand beside the standard ones. */
export function apiProblem(
  status: number,
  code: string,
  title: string,
  detail: string,
  headers: Record<string, string> = {},
  extra: Record<string, unknown> = {},
): Response {
  const body = { type: `urn:mooring:problem:${code}`, title, status, detail, code, ...extra };
  return new Response(`${JSON.stringify(body, null, 2)}\n`, {
    status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store", ...headers },
  });
}
