import { env } from "cloudflare:workers";
import type { Beat, BeatAnswer } from "../../../src/model/beat.ts";
import type { WriteResult } from "../../../worker/coordinator/config-write.ts";
import type { Env } from "../../../worker/env.ts";

const namespace = (env as Env).COORDINATOR!;
let objects = 0;

/** Storage is shared by the tests of a file, so each has an object of its own. */
export const fresh = () => namespace.get(namespace.idFromName(`coordinator-${objects++}`));

export const config = (ids: readonly string[], readiness?: object) => ({
  version: 1,
  pools: {
    web: {
      pods: ids.map((id, i) => ({ id, url: `http://127.0.0.1:${1 + i}` })),
      ...(readiness === undefined ? {} : { health: { readiness } }),
    },
  },
  routes: [{ path: "/", pool: "web" }],
});

export async function put(
  stub: DurableObjectStub,
  document: object,
  headers: Record<string, string>,
): Promise<WriteResult> {
  const response = await stub.fetch("http://coordinator/config", {
    method: "PUT",
    body: JSON.stringify(document),
    headers,
  });
  return response.json();
}

let batches = 0;

export async function beat(stub: DurableObjectStub, more: Partial<Beat> = {}): Promise<BeatAnswer> {
  const none = { incarnation: 0, revision: -1, feed: 0, counts: [], breaks: [], failed: [], served: {} };
  const body = JSON.stringify({ isolate: "i", batch: ++batches, ...none, ...more });
  const response = await stub.fetch("http://coordinator/beat", { method: "POST", body });
  return response.json();
}

/** One of the coordinator's own paths: a POST when there is a body. */
export async function ask<T>(stub: DurableObjectStub, path: string, body?: object): Promise<T> {
  const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  return (await stub.fetch(`http://coordinator${path}`, init)).json();
}
