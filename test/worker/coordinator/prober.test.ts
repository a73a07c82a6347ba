import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { compile } from "../../../src/config/compile.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { type Flip, Probes } from "../../../src/health/probes.ts";
import { tagToHex } from "../../../src/model/pod.ts";
import type { Probe } from "../../../src/model/pool.ts";
import { probeDue, probeUrl } from "../../../worker/coordinator/prober.ts";

const NOW = 1_000_000;
const digest = async (data: Uint8Array) => new Uint8Array(createHash("sha256").update(data).digest()).buffer;

async function probesOf(pods: number): Promise<{ probes: Probes; tags: string[] }> {
  const listed = Array.from({ length: pods }, (_, i) => ({
    id: `web-${i}`,
    url: `http://127.0.0.1:${i + 1}`,
  }));
  const document = { version: 1, pools: { web: { pods: listed, health: { readiness: {} } } }, routes: [] };
  const parsed = parseConfig(JSON.stringify(document));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  const snapshot = await compile(parsed.config, 1, digest);
  const probes = new Probes();
  probes.follow(snapshot, new Map(), NOW);
  return { probes, tags: snapshot.pools[0]!.pods.map(({ tag }) => tagToHex(tag)) };
}

describe("a round of probes", () => {
  it("has at most six in flight, asks each pod once, and tells what flipped", async () => {
    const { probes, tags } = await probesOf(20);
    let [flying, most] = [0, 0];
    const asked: string[] = [];
    const flips: Flip[] = [];
    await probeDue(
      probes,
      () => NOW,
      () => 0.5,
      (flip) => flip && flips.push(flip),
      async ({ id }) => {
        asked.push(id);
        most = Math.max(most, ++flying);
        await new Promise((resolve) => setImmediate(resolve));
        flying--;
        return id === "web-3" ? "unreachable" : "passed";
      },
    );
    expect(most).toBe(6);
    expect(new Set(asked).size).toBe(20);
    expect(asked).toHaveLength(20);
    expect(flips).toHaveLength(19);
    expect(tags.filter((tag) => probes.state(tag, NOW) === "ready")).toHaveLength(19);
  });

  it("is empty when its alarm comes twice", async () => {
    const { probes } = await probesOf(2);
    let asked = 0;
    const round = () =>
      probeDue(
        probes,
        () => NOW,
        () => 0.5,
        () => undefined,
        async () => {
          asked++;
          return "passed";
        },
      );
    await Promise.all([round(), round()]);
    expect(asked).toBe(2);
  });
});

describe("where a probe asks", () => {
  const pod = { url: "http://10.0.0.7:8080/app", basePath: "/app" };
  const url = (more: Partial<Probe>, of = pod) => probeUrl(of, { path: "/ready", ...more } as Probe);

  it("is behind the pod's base path, unless it has a port of its own", () => {
    expect(url({})).toBe("http://10.0.0.7:8080/app/ready");
    expect(url({ port: 9090 })).toBe("http://10.0.0.7:9090/ready");
    expect(url({ scheme: "HTTPS" })).toBe("https://10.0.0.7:8080/app/ready");
    expect(url({ scheme: "HTTP", port: 80 })).toBe("http://10.0.0.7:80/ready");
    expect(url({ port: 9090 }, { url: "https://[fd00::1]", basePath: "" })).toBe(
      "https://[fd00::1]:9090/ready",
    );
    expect(url({ scheme: "HTTP" }, { url: "https://pod.test", basePath: "" })).toBe("http://pod.test/ready");
  });
});
