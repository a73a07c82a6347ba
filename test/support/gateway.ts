import { parseText } from "../../src/kubernetes/parse-text.ts";
import { cookiesOf, type EdgeOptions, outcomeOf, TestEdge } from "./edge.ts";

export const START = 1_800_000_000_000;
export const HOST = "http://shop.test";

/** Services of three pods each; nothing is behind their addresses. */
export const SERVICES = ["servicev1", "servicev2"]
  .map(
    (name, i) => `kind: Service
apiVersion: v1
metadata: { name: ${name} }
spec: { ports: [{ port: 80 }] }
---
kind: EndpointSlice
apiVersion: discovery.k8s.io/v1
metadata: { name: ${name}-1, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ port: 8080 }]
endpoints: [${[0, 1, 2].map((j) => `{ addresses: [10.0.${i}.${j}], targetRef: { kind: Pod, name: ${name}-${j} } }`).join(", ")}]
`,
  )
  .join("---\n");

export const routeOf = (...rules: string[]) => `kind: HTTPRoute
apiVersion: gateway.networking.k8s.io/v1
metadata: { name: route-x }
spec:
  rules:
${rules.map((rule) => `    - ${rule}\n`).join("")}`;
export const policyOf = (name: string, service: string, persistence: string) => `kind: BackendLBPolicy
apiVersion: gateway.networking.k8s.io/v1alpha2
metadata: { name: ${name} }
spec:
  targetRefs: [{ group: "", kind: Service, name: ${service} }]
  sessionPersistence: ${persistence}
`;
export const V1 = "backendRefs: [{ name: servicev1, port: 80 }]";
export const splitOf = (first: number, second: number) =>
  `backendRefs: [{ name: servicev1, port: 80, weight: ${first} }, { name: servicev2, port: 80, weight: ${second} }]`;
export const at = (path: string, ...rest: string[]) =>
  `{ matches: [{ path: { value: ${path} } }], ${rest.join(", ")} }`;

export function read(...documents: string[]) {
  const result = parseText(["version: 1\nexplain: true\n", SERVICES, ...documents].join("---\n"));
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result;
}

/** What is said of an object, by its level. */
export function told(level: string, object: string, ...documents: string[]): string[] {
  const { notices } = read(...documents);
  return notices
    .filter((notice) => notice.level === level && notice.object === object)
    .map(({ path, message }) => `${path}: ${message}`);
}

/** A browser on one host: cookies by name and path. */
export class Browser {
  readonly #cookies = new Map<string, { readonly path: string; readonly pair: string }>();
  /** Another one has the config that comes next. */
  edge: TestEdge;
  lines: string[] = [];

  constructor(edge: TestEdge) {
    this.edge = edge;
  }

  async get(path: string): Promise<{ pod: string; outcome: string; status: number }> {
    const sent = [...this.#cookies.values()].filter(
      (one) => one.path === "/" || path === one.path || path.startsWith(`${one.path}/`),
    );
    const headers = { cookie: sent.map(({ pair }) => pair).join("; ") };
    const response = await this.edge.ask(HOST + path, sent.length === 0 ? {} : { headers });
    await this.edge.idle();
    this.lines = response.headers.getSetCookie();
    cookiesOf(response).forEach(([name, value], i) => {
      const own = /; Path=([^;]*)/.exec(this.lines[i]!)?.[1] ?? "/";
      this.#cookies.set(`${name} ${own}`, { path: own, pair: `${name}=${value}` });
    });
    return { pod: await response.text(), outcome: outcomeOf(response), status: response.status };
  }
}

export async function start(documents: readonly string[], more: Partial<EdgeOptions> = {}) {
  const clock = { now: START };
  const { document } = read(...documents);
  const edge = await TestEdge.start({ config: document as object, now: () => clock.now, ...more });
  return { edge, clock, browser: () => new Browser(edge) };
}

export const NAMED = "sessionPersistence: { sessionName: session-a, absoluteTimeout: 1h }";
