import type { ConfigRecord } from "../../src/model/beat.ts";

/** How long the colo may keep its copy: a cold isolate refreshes it as soon as the coordinator answers. Seconds. */
const CACHED = 86_400;
const CACHE_KEY = "https://mooring.invalid/config";

/** Raw workerd has no cache; on Cloudflare each colo has one. */
function colo(): Cache | undefined {
  return typeof caches === "undefined" ? undefined : caches.default;
}

/** The config that another isolate of this colo left; rejects where there is no cache. */
export async function readCache(): Promise<string | undefined> {
  const found = await colo()?.match(CACHE_KEY);
  return found?.text();
}

/** Leaves a copy for isolates that start in this colo. */
export async function writeCache(record: ConfigRecord): Promise<void> {
  const headers = { "cache-control": `max-age=${CACHED}` };
  try {
    await colo()?.put(CACHE_KEY, new Response(JSON.stringify(record), { headers }));
  } catch (error) {
    // Self-hosted there is none, and a cold isolate asks the next source.
    if (!(error instanceof Error && /No Cache/i.test(error.message))) throw error;
  }
}
