import { createHash } from "node:crypto";
import { Redis } from "ioredis";
import { podTag } from "../../../src/config/tag.ts";
import { tagToHex } from "../../../src/model/pod.ts";
import { atLeast, atMost, type Gate, none, told } from "../../fleet/gate.ts";
import type { Scene } from "../scene.ts";
import { Visitor } from "../visitor.ts";

const PODS = 10_000;
const SESSIONS = 100_000;
/** Sessions that are written at once. */
const BATCH = 5000;
const HOUR = 3_600_000;
/** More than that is no page that a phone wants. KiB. */
const LARGEST = 150;

/** 10,000 pods with 100,000 sessions: pages stay as small as they are, and lead from one to the next. */
export async function many({ browser, fleet, say }: Scene): Promise<Gate[]> {
  say(`${PODS} pods, ${SESSIONS} sessions`);
  const ids = Array.from({ length: PODS }, (_, i) => `pod-${i}`);
  const pods = ids.map((id) => ({ id, url: fleet.pods[0]!.url }));
  const current = await fleet.admin.config();
  const { status } = await fleet.admin.send("PUT", "/v1/config", {
    body: { version: 1, pools: { many: { pods } }, routes: [{ path: "/", pool: "many" }] },
    headers: { "if-match": current!.etag },
  });
  await bind(fleet.redis!.url, ids);
  const visitor = await Visitor.atHome(browser, fleet.url);
  const { page } = visitor;
  const shown = await visitor.sees("#figures .stat", /^Sessions\s*100,\d{3}/, 60_000);
  const sizes: number[] = [];
  const times: number[] = [];
  for (const path of [
    "/",
    "/console/pools/many",
    "/console/sessions",
    "/console/keys",
    "/console/doctor",
    "/console/sessions?pod=pod-9999",
  ]) {
    const began = performance.now();
    await visitor.open(path);
    times.push(performance.now() - began);
    sizes.push((await page.content()).length / 1024);
  }
  await visitor.open("/console/sessions");
  const met = new Set<string>();
  for (let i = 0; i < 3; i++) {
    for (const sid of await page.locator("#sessions .sid").allTextContents()) met.add(sid);
    await page.click("a[rel=next]");
    await page.waitForLoadState();
  }
  await visitor.leave();
  return [
    atLeast("a config of 10,000 pods is taken", Number(status === 200), 1, "yes"),
    atLeast("the overview counts all of their sessions", Number(shown), 1, "yes"),
    atMost("the largest page", Math.round(Math.max(...sizes)), LARGEST, "KiB"),
    told("the slowest page", Math.round(Math.max(...times)), "ms"),
    atLeast("sessions met on three pages, each once", met.size, 150, "sessions"),
    none("complaints of the browser", visitor.complaints.length, "complaints"),
  ];
}

/** Puts sessions where the store keeps them: they are too many to be made by requests. */
async function bind(url: string, ids: readonly string[]): Promise<void> {
  const redis = new Redis(url);
  const digest = async (data: Uint8Array) =>
    new Uint8Array(createHash("sha256").update(data).digest()).buffer;
  const tags = await Promise.all(ids.map(async (id) => tagToHex(await podTag("many", id, 0, digest))));
  const now = Date.now();
  for (let from = 0; from < SESSIONS; from += BATCH) {
    const batch = redis.pipeline();
    for (let i = from; i < from + BATCH; i++) {
      const sid = createHash("md5").update(String(i)).digest("hex");
      const tag = tags[i % tags.length]!;
      batch.set(`mooring:s:${sid}`, `1|${tag}|${tag}|A||${now}|${now + HOUR}|many@*`, "PX", HOUR);
      batch.zadd(`mooring:p:${tag}`, now + HOUR / 2, sid);
    }
    await batch.exec();
  }
  redis.disconnect();
}
