import { describe, expect, it } from "vitest";
import { features } from "../../src/kubernetes/features/index.ts";
import { parsePlaced, parseText } from "../../src/kubernetes/parse-text.ts";
import { seeded } from "../support/seeded.ts";

type Answer = ReturnType<typeof parseText>;

/** Every answer is a config with whole notices, or a list of whole errors; nothing is thrown. */
function sound(result: Answer): Answer {
  const told = result.ok ? result.notices : result.errors;
  if (!result.ok) expect(told.length).toBeGreaterThan(0);
  for (const { path, message } of told) {
    expect(typeof path).toBe("string");
    expect(message).toMatch(/./);
    expect(message.length).toBeLessThan(1000);
    expect(message).not.toMatch(/\n|\[object|undefined/);
  }
  return result;
}

const of = (text: string) => {
  const result = sound(parseText(text));
  return result.ok ? "ok" : `${result.errors[0]!.path}: ${result.errors[0]!.message}`;
};

const SERVICE = "apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { ports: [{ port: 80 }] }\n";

describe("texts that mean to exhaust", () => {
  it.each([
    ["5 MB", `${SERVICE}---\n#${" ".repeat(5_000_000)}`, /longer than 4194304/],
    [
      "a billion laughs in the second document",
      `${SERVICE}---\nkind: A\na: &a [${"x,".repeat(1000)}]\nb: &b [${"*a,".repeat(400)}]\nc: [${"*b,".repeat(500)}]\n`,
      /more than 500000 values/,
    ],
    [
      "a few laughs in each of many documents",
      `kind: A\na: &a [${"x,".repeat(3000)}]\nb: [*a,*a,*a,*a]\n---\n`.repeat(200),
      /more than 500000 values/,
    ],
    [
      "aliases over all documents",
      "kind: A\na: &a 1\nb: [*a,*a]\n---\n".repeat(600),
      /1000 anchors or aliases/,
    ],
    [
      "lists in lists",
      `${"kind: List\nitems: [".repeat(1)}${"{ kind: List, items: [".repeat(40)}`,
      /not closed|nested deeper/,
    ],
    [
      "names by paths of an Ingress",
      `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: a\n  annotations: { nginx.ingress.kubernetes.io/server-alias: "${Array.from({ length: 50_000 }, (_, i) => `h${i}`).join(" ")}" }\nspec: { rules: [{ http: { paths: [${Array.from({ length: 10_000 }, (_, i) => `{ path: /${i}, backend: { service: { name: a, port: { number: 80 } } } }`).join(", ")}] } }] }\n`,
      /100000 routes are the most/,
    ],
    ["a holder of itself", "kind: List\nitems: &a [{ kind: List, items: *a }]\n", /nested deeper than 64/],
    [
      "a Service that holds itself",
      "apiVersion: v1\nkind: Service\nmetadata: &a { name: b, labels: *a }\n",
      /nested deeper/,
    ],
  ])("%s", (_, text, message) => expect(of(text)).toMatch(message));

  it("many objects and many things to tell are counted", () => {
    const result = sound(parseText("kind: A\n---\n".repeat(20_000)));
    expect(result).toMatchObject({ ok: true });
    if (!result.ok) return;
    expect(result.notices.length).toBe(5000);
    expect(result.notices.at(-1)!.message).toBe("15002 more notices are not shown");
    const bad = parseText("apiVersion: v1\nkind: Service\nspec: 1\n---\n".repeat(5000));
    expect(bad).toMatchObject({ ok: false });
    if (!bad.ok) expect(bad.errors.length).toBe(1000);
  });

  it("a large cluster is read in linear time, every endpoint once", () => {
    const slice = (i: number) => ({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: `web-${i}`, labels: { "kubernetes.io/service-name": "web" } },
      addressType: "IPv4",
      ports: [{ port: 80 }],
      endpoints: Array.from({ length: 100 }, (_, j) => ({
        addresses: [`10.${i >> 8}.${i & 255}.${j}`],
        targetRef: { kind: "Pod", name: `web-${i}-${j}`, odd: 1 },
        odd: 1,
      })),
    });
    const value = { apiVersion: "v1", kind: "List", items: Array.from({ length: 100 }, (_, i) => slice(i)) };
    const service = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web" },
      spec: { ports: [{ port: 80 }] },
    };
    const result = sound(
      parsePlaced(
        [],
        [
          { value: service, place: "a" },
          { value, place: "b" },
        ],
      ),
    );
    expect(result).toMatchObject({ ok: true, config: { pools: [{ name: "default-web-80" }] } });
    if (!result.ok) return;
    expect(result.config.pools[0]!.pods.length).toBe(10_000);
    // One for each slice and the one of the Service, not one for each endpoint.
    expect(result.notices.length).toBe(101);
  });
});

describe("anything", () => {
  const types = features.flatMap((feature) => feature.types);
  const KEYS =
    `apiVersion kind metadata name namespace labels annotations spec ports port targetPort protocol type selector
    sessionAffinity sessionAffinityConfig clientIP timeoutSeconds trafficDistribution externalName status podIP podIPs ip
    conditions addressType endpoints addresses ready serving terminating targetRef zone hints forZones subsets
    notReadyAddresses template containers initContainers containerPort readinessProbe livenessProbe startupProbe httpGet
    path scheme httpHeaders value periodSeconds successThreshold rules http paths backend service number host pathType
    kubernetes.io/service-name kube-router.io/service.scheduler items constructor toString`.split(/\s+/);
  const TEXTS = [
    "",
    "web",
    "TCP",
    "ClientIP",
    "IPv4",
    "10.0.0.1",
    "fd00::1",
    "169.254.1.1",
    "Ready",
    "True",
    "http",
    "rr",
  ];
  const ODD = [Number.NaN, Number.POSITIVE_INFINITY, -1, 0, 1.5, 2 ** 63, 80, true, false, null, undefined];

  it("objects of any shape, grown on the keys of Kubernetes", () => {
    const chance = seeded(71);
    const grow = (depth: number): unknown => {
      const kind = chance.below(depth > 6 ? 3 : 8);
      if (kind === 0) return ODD[chance.below(ODD.length)];
      if (kind === 1) return TEXTS[chance.below(TEXTS.length)];
      if (kind === 2) return chance.text(chance.below(5));
      if (kind === 3) return Array.from({ length: chance.below(4) }, () => grow(depth + 1));
      return Object.fromEntries(
        Array.from({ length: chance.below(8) }, () => [KEYS[chance.below(KEYS.length)], grow(depth + 1)]),
      );
    };
    const made = (): Record<string, unknown> => {
      const [, group = "", kind] = /^(?:(.*)\/)?(.*)$/.exec(types[chance.below(types.length)]!) ?? [];
      const value = grow(0);
      const base = typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
      const spec = chance.below(4) === 0 ? {} : { spec: grow(1) };
      return {
        ...base,
        ...spec,
        apiVersion: group === "" ? "v1" : `${group}/v1`,
        kind,
        ...(chance.below(4) === 0
          ? {}
          : { metadata: { name: ["web", "api"][chance.below(2)], labels: { app: "web" } } }),
      };
    };
    for (let i = 0; i < 3000; i++) {
      const values = Array.from({ length: 1 + chance.below(4) }, made);
      sound(
        parsePlaced(
          [],
          values.map((value, at) => ({ value, place: `document ${at + 1}` })),
        ),
      );
    }
    // On a busy machine it takes twenty times as long as on an idle one.
  }, 120_000);

  it("good documents with a few characters changed", () => {
    const chance = seeded(72);
    const sample = `${SERVICE}---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: web-1, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
ports: [{ name: "", port: 8080 }]
endpoints: [{ addresses: [10.0.0.1], conditions: { ready: true }, zone: a }, { addresses: [10.0.0.2] }]
`;
    let ok = 0;
    for (let i = 0; i < 500; i++) {
      let text = sample;
      for (let edit = 0; edit <= chance.below(3); edit++) {
        const at = chance.below(text.length);
        const piece = sample.slice(chance.below(sample.length)).slice(0, chance.below(6));
        text = text.slice(0, at) + piece + text.slice(at + chance.below(4));
      }
      if (sound(parseText(text)).ok) ok++;
    }
    expect(ok).toBeGreaterThan(10);
    expect(ok).toBeLessThan(490);
  });
});
