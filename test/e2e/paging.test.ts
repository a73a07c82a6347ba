import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Fleet, startFleet } from "../../tools/fleet/fleet.ts";

const PODS = 10_000;

interface Listed {
  readonly pods: readonly { readonly id: string; readonly sessions: number | null }[];
  readonly cursor: string | null;
}

describe("lists of a large config", () => {
  let fleet: Fleet;
  const ids = Array.from({ length: PODS }, (_, i) => `pod-${i}`);
  const config = (pods: readonly string[]) => ({
    version: 1,
    pools: {
      large: { pods: pods.map((id) => ({ id, url: "http://127.0.0.1:1" })) },
      ...Object.fromEntries(
        Array.from({ length: 5 }, (_, i) => [`p${i}`, { pods: [{ id: "a", url: "http://127.0.0.1:1" }] }]),
      ),
    },
    routes: [{ path: "/", pool: "large" }],
  });
  beforeAll(async () => {
    fleet = await startFleet({ pods: 0, config: () => undefined });
    expect((await fleet.admin.putConfig(config(ids))).status).toBe(200);
  }, 60_000);
  afterAll(async () => fleet?.stop());

  const page = (query: string) => fleet.admin.get<Listed>(`/v1/pools/large/pods?${query}`);

  it("name every one of 10,000 pods once, a thousand at a time", async () => {
    const found: string[] = [];
    let cursor: string | null = "";
    let pages = 0;
    do {
      const { status, json }: { status: number; json: Listed } = await page(`cursor=${cursor}`);
      expect(status).toBe(200);
      expect(json.pods).toHaveLength(1000);
      expect(json.pods.every(({ sessions }) => sessions === 0)).toBe(true);
      found.push(...json.pods.map(({ id }) => id));
      cursor = json.cursor;
      pages++;
    } while (cursor !== null);
    expect([pages, found]).toEqual([10, ids]);
    expect((await page("limit=1001")).status).toBe(400);
  });

  it("go on where they were when other pods leave, and say so when the one at the cursor did", async () => {
    const { cursor } = (await page("limit=10")).json;
    expect(cursor).toBe("pod-9");
    const put = async (gone: string) =>
      (await fleet.admin.putConfig(config(ids.filter((id) => id !== gone)))).status;
    expect(await put("pod-3")).toBe(200);
    expect((await page(`limit=2&cursor=${cursor}`)).json.pods.map(({ id }) => id)).toEqual([
      "pod-10",
      "pod-11",
    ]);
    expect(await put("pod-9")).toBe(200);
    expect(await page(`limit=2&cursor=${cursor}`)).toMatchObject({
      status: 400,
      json: { code: "invalid-query" },
    });
  });

  it("name every pool once", async () => {
    const names: string[] = [];
    let cursor: string | null = "";
    do {
      const path: string = `/v1/pools?limit=4&cursor=${cursor}`;
      const { json } = await fleet.admin.get<{ pools: { name: string }[]; cursor: string | null }>(path);
      names.push(...json.pools.map(({ name }) => name));
      cursor = json.cursor;
    } while (cursor !== null);
    expect(names).toEqual(["large", "p0", "p1", "p2", "p3", "p4"]);
  });
});
