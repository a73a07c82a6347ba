import { isLongEnough } from "../../src/sessions/keyring.ts";
import { sameSecret } from "../admin/secret.ts";
import { INTERNAL } from "../edge/link.ts";
import type { Env } from "../env.ts";
import { SHARDS } from "../sessions/durable.ts";

/** Lets self-hosted edges in to the coordinator and the store of this process. Undefined when the path is another. */
export async function internal(request: Request, env: Env, path: string): Promise<Response | undefined> {
  if (!path.startsWith(`${INTERNAL}/`)) return undefined;
  const { COORDINATOR, STORE, MOORING_SHARED_SECRET: secret } = env;
  // An edge, or a deployment that shares nothing, has nothing here.
  if (COORDINATOR === undefined || !secret) return notFound();
  if (!isLongEnough(secret)) {
    return Response.json({ error: "MOORING_SHARED_SECRET must have at least 32 bytes" }, { status: 503 });
  }
  const given = request.headers.get("authorization")?.replace(/^Bearer /i, "") ?? "";
  if (!(await sameSecret(given, secret)))
    return Response.json({ error: "wrong shared secret" }, { status: 401 });
  const rest = path.slice(INTERNAL.length);
  const { method, headers } = request;
  // A proxy in between may say Content-Length: 0 of a GET, and fetch refuses a body there.
  const body = method === "GET" ? null : request.body;
  const shard = /^\/store\/([0-9]{1,2})$/.exec(rest);
  if (shard !== null) {
    if (STORE === undefined || Number(shard[1]) >= SHARDS) return notFound();
    return STORE.get(STORE.idFromName(`shard-${Number(shard[1])}`)).fetch("http://store/", {
      method,
      headers,
      body,
    });
  }
  const stub = COORDINATOR.get(COORDINATOR.idFromName("main"));
  return stub.fetch(`http://coordinator${rest}${new URL(request.url).search}`, { method, headers, body });
}

function notFound(): Response {
  return Response.json({ error: "not found" }, { status: 404 });
}
