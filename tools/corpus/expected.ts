/** What a document must come to. */
export interface Expected {
  /** Refused; each of these begins the path of an error. */
  readonly refused?: readonly string[];
  /** Parts that the native config must have: of maps these keys, of lists all of it. */
  readonly config?: object;
  /** Each must be the begin of a notice, `level object: path`. */
  readonly notices?: readonly string[];
}

const ANNOTATION = (name: string) => `metadata.annotations["nginx.ingress.kubernetes.io/${name}"]`;
const cookie = (options: object) => ({ affinity: [{ cookie: options }] });
const pool = (name: string, native: object) => ({ pools: { [name]: native } });
const INFRA = "gateway-conformance-infra-infra-backend-";

/** The routes of a VirtualService of Istio's bookinfo, at the names of its Service. */
const routed = (service: string, routes: readonly object[]) => ({
  routes: ["svc.cluster.local", "svc", ""].flatMap((zone) =>
    routes.map((route) => ({ host: `${service}.default${zone && `.${zone}`}`, path: "/", ...route })),
  ),
});
const subset = (service: string, name: string) => `default-${service}-any-${name}`;
const reviews = (weights: Readonly<Record<string, number>>) => {
  const sides = Object.entries(weights).map(([name, weight]) => [subset("reviews", name), weight]);
  return routed("reviews", [{ split: Object.fromEntries(sides) }]);
};
const SPLIT = "changed VirtualService default/reviews: spec.http[0].route";
/** Jason goes to one subset, and all others to another. */
const jason = (service: string, more: object, his: string, others: string) =>
  routed(service, [
    {
      match: { headers: [{ name: "end-user", value: "jason" }] },
      rank: 2,
      pool: subset(service, his),
      ...more,
    },
    { rank: 1, pool: subset(service, others) },
  ]);

/** By the file's name in the corpus. Others must not crash, and are taken unless the index says that they are refused. */
export const EXPECTED: Readonly<Record<string, Expected>> = {
  "01-nginx-affinity-cookie.yaml": {
    config: pool(
      "default-http-svc-80",
      cookie({
        name: "route",
        path: "matched",
        expires: "2d",
        maxAge: "2d",
        ingressNginx: { mode: "balanced" },
      }),
    ),
  },
  "03-nginx-chashsubset.yaml": {
    config: pool("default-nginxhello-80", { policy: { ketama: { by: "$arg_predictorid", subset: 3 } } }),
    notices: ["changed Service default/nginxhello: spec.ports[0]"],
  },
  "04-traefik-fix-sticky.yaml": {
    config: pool(
      "default-whoami-80",
      cookie({
        name: "foobar",
        path: "/foobar",
        domain: "foo.localhost",
        sameSite: "None",
        secure: true,
        expires: "42s",
        maxAge: "42s",
      }),
    ),
  },
  "05-traefik-fix-canary-sticky.yaml": {
    config: {
      pools: {
        "default-whoami-80": cookie({
          name: "foobar",
          ingressNginx: { canary: { "default-canary-80": "default-canary-80" } },
        }),
      },
      routes: [
        {
          host: "production.localhost",
          path: "/",
          split: { "default-whoami-80": 100, "default-canary-80": 0 },
        },
      ],
    },
  },
  "07-traefik-fix-canary-weight.yaml": {
    config: {
      routes: [
        {
          host: "production.localhost",
          path: "/",
          split: { "default-whoami-80": 110, "default-canary-80": 10 },
        },
      ],
    },
  },
  "08-traefik-fix-canary-header-value.yaml": {
    config: { routes: [{ overrides: [{ header: "Foo", value: "bar", pool: "default-canary-80" }] }] },
    notices: [`ignored Ingress default/canary: ${ANNOTATION("canary-by-header-pattern")}`],
  },
  "10-traefik-fix-canary-cookie.yaml": {
    config: {
      routes: [
        {
          overrides: [
            { cookie: "foo.bar", value: "always", pool: "default-canary-80" },
            { cookie: "foo.bar", value: "never", pool: "default-whoami-80" },
          ],
        },
      ],
    },
  },
  "11-traefik-fix-canary-header-misconfigured.yaml": {
    config: { routes: [{ split: { "default-whoami-80": 100, "default-canary-80": 0 } }] },
    notices: [`ignored Ingress default/canary: ${ANNOTATION("canary-by-header-value")}`],
  },
  "13-traefik-fix-upstream-hash-by.yaml": {
    config: pool("default-whoami-80", { policy: { ketama: { by: "$request_uri" } }, affinity: "none" }),
  },
  "15-traefik-fix-services-endpointslices.yaml": {
    config: {
      pools: {
        "default-whoami-80": { pods: [{ url: "http://10.10.0.1:80" }, { url: "http://10.10.0.2:80" }] },
        "default-whoami-nil-port-name-80": { pods: [] },
        "default-whoami-nil-port-value-80": { pods: [] },
      },
    },
    notices: ["ignored Service default/external"],
  },
  "16-traefik-fix-proxy-next-upstream.yaml": {
    config: pool("default-whoami-80", { retry: { on: ["connect"], methods: ["POST", "PATCH"] } }),
    notices: [
      `changed Ingress default/ingress-with-proxy-next-upstream: ${ANNOTATION("proxy-next-upstream")}`,
    ],
  },
  "17-traefik-fix-proxy-timeout.yaml": {
    notices: [`ignored Ingress default/ingress-with-proxy-timeout: ${ANNOTATION("proxy-connect-timeout")}`],
  },
  "21-istio-dr-locality.yaml": { notices: ["ignored DestinationRule default/locality: "] },
  "22-istio-dr-passthrough.yaml": {
    notices: [
      "ignored DestinationRule testns/drpassthrough: spec.trafficPolicy.loadBalancer.simple",
      "ignored DestinationRule testns/drpassthrough: ",
    ],
  },
  "23-istio-bookinfo-dr-all.yaml": {
    config: {
      pools: Object.fromEntries(
        ["productpage", "reviews", "ratings", "details"].map((name) => [
          `default-${name}-any`,
          { policy: "least-request", pods: [] },
        ]),
      ),
    },
    notices: ["ignored DestinationRule default/reviews: spec.subsets[2]"],
  },
  "24-istio-bookinfo-dr-reviews.yaml": { config: pool("default-reviews-any", { policy: "random" }) },
  "25-istio-vs-reviews-90-10.yaml": { config: reviews({ v1: 90, v2: 10 }), notices: [SPLIT] },
  "27-istio-vs-reviews-50-v3.yaml": { config: reviews({ v1: 50, v3: 50 }), notices: [SPLIT] },
  "28-istio-vs-jason-v2-v3.yaml": { config: jason("reviews", {}, "v2", "v3") },
  "29-istio-vs-test-v2.yaml": { config: jason("reviews", {}, "v2", "v1") },
  "30-istio-vs-abort.yaml": {
    config: jason("ratings", { fault: { abort: { share: "100%", status: 500 } } }, "v1", "v1"),
  },
  "31-istio-vs-delay.yaml": {
    config: jason("ratings", { fault: { delay: { share: "100%", for: "7s" } } }, "v1", "v1"),
  },
  "32-istio-validation-dr-v1.yaml": { config: pool("default-c-any", { policy: "least-request" }) },
  "33-istio-validation-dr-v1beta1.yaml": { config: pool("default-c-any", { policy: "least-request" }) },
  "34-istio-validation-dr-v1alpha3.yaml": { config: pool("default-c-any", { policy: "least-request" }) },
  "36-istio-api-dr-invalid.yaml": {
    refused: ["minimumPercent", "duration", "aggression"].map(
      (name) => `DestinationRule default/bookinfo-ratings: spec.trafficPolicy.loadBalancer.warmup.${name}`,
    ),
  },
  "37-istio-gwapi-xbtp-persistence.yaml": {
    config: pool("default-echo-any", {
      ...cookie({ name: "foo", absolute: "1h", maxAge: "1h" }),
      retry: { budget: "30%" },
    }),
    notices: ["changed XBackendTrafficPolicy default/lb-policy: spec.retryConstraint.minRetryRate"],
  },
  "38-istio-health-liveness-http.yaml": {
    config: pool("default-liveness-http-8001", {
      health: { liveness: { path: "/foo", period: "5s", initialDelay: "5s" } },
    }),
  },
  "40-gwapi-httproute-weight.yaml": {
    config: {
      routes: [
        { path: "/", split: { [`${INFRA}v1-8080`]: 70, [`${INFRA}v2-8080`]: 30, [`${INFRA}v3-8080`]: 0 } },
      ],
    },
    notices: ["invalid HTTPRoute gateway-conformance-infra/weighted-backends: spec.rules[0].backendRefs[0]"],
  },
  "41-gwapi-service-types.yaml": {
    config: {
      pools: {
        "gateway-conformance-infra-manual-endpointslices-8080": { pods: [] },
        "gateway-conformance-infra-headless-8080": { pods: [] },
      },
      routes: [
        { path: "/headless-manual-endpointslices", pathType: "exact" },
        { path: "/manual-endpointslices", pathType: "exact" },
        { path: "/headless", pathType: "exact" },
      ],
    },
    notices: ["changed Service gateway-conformance-infra/headless: spec.ports[0]"],
  },
  "42-gwapi-traffic-split-1.yaml": {
    config: {
      routes: [
        { match: { headers: [{ name: "traffic", value: "test" }] }, pool: "default-foo-v2-8080" },
        { host: "foo.example.com", path: "/", pool: "default-foo-v1-8080" },
      ],
    },
  },
  "44-gwapi-traffic-split-3.yaml": {
    config: { routes: [{ split: { "default-foo-v1-8080": 0, "default-foo-v2-8080": 1 } }] },
  },
  "45-gwapi-simple-split.yaml": {
    config: { routes: [{ split: { "default-foo-v1-8080": 90, "default-foo-v2-8080": 10 } }] },
  },
  "46-gwapi-timeouts.yaml": {
    config: { routes: [{ path: "/timeout", timeouts: { headers: "2s", total: "10s" } }] },
  },
  "50-eg-httproute-session-persistence.yaml": {
    config: {
      pools: {
        [`${INFRA}v1-8080`]: { affinity: "none" },
        [`${INFRA}v2-8080-sessio-3d56d821`]: { affinity: [{ token: { header: "Session-A" } }] },
        [`${INFRA}v3-8080-sessio-778037d2`]: cookie({ name: "Session-A", absolute: "10s", maxAge: "10s" }),
        [`${INFRA}v1-8080-sessio-b67dffbe`]: cookie({ name: "Session-A", path: "matched" }),
      },
      routes: [
        { split: { [`${INFRA}v1-8080-sessio-b67dffbe`]: 1, [`${INFRA}v2-8080-sessio-c8bd7403`]: 1 } },
        { path: "/header-session-persistence" },
        { path: "/cookie-session-persistence" },
        { path: "/no-session-persistence" },
      ],
    },
  },
  "51-eg-chash-cookie.yaml": {
    config: pool("gateway-conformance-infra-web-backend-8080-cookie-lb-policy", {
      policy: "maglev",
      affinity: [{ "cookie-key": { name: "Lb-Test-Cookie", ttl: "1m", sameSite: "Strict" } }],
    }),
  },
  "52-eg-chash-header.yaml": {
    config: pool("gateway-conformance-infra-web-backend-8080-header-lb-policy", {
      policy: "maglev",
      affinity: [{ header: "lb-test-header" }],
    }),
  },
  "54-eg-chash-source-ip.yaml": {
    config: pool("gateway-conformance-infra-web-backend-8080-source-ip-lb-policy", {
      policy: "maglev",
      affinity: [{ "client-ip": {} }],
    }),
  },
  "55-eg-chash-query.yaml": {
    config: pool("gateway-conformance-infra-web-backend-8080-query-param-6adc98c2", {
      policy: "maglev",
      affinity: [{ hash: [{ query: "lb-query-parameter-first" }, { query: "lb-query-parameter-second" }] }],
    }),
  },
  "56-eg-round-robin.yaml": {
    config: pool("gateway-conformance-infra-web-backend-8080-round-robin-0f025751", {
      policy: "round-robin",
      affinity: "none",
    }),
  },
  "58-ngf-session-invalid.yaml": {
    config: pool("default-tea-80-route-invalid-sp-ae3b5a29", {
      affinity: [{ token: { header: "invalid-config", absolute: "400d" } }],
    }),
    notices: [
      "changed HTTPRoute default/route-invalid-sp: spec.rules[0].sessionPersistence.absoluteTimeout",
      "ignored GRPCRoute grpc-route-invalid-sp",
    ],
  },
  "59-keycloak.yaml": {
    config: pool("default-keycloak-8080", {
      health: {
        readiness: { path: "/health/ready", port: 9000, period: "10s", failure: 3, gates: "new" },
        startup: { path: "/health/started", period: "1s", failure: 600 },
      },
    }),
    notices: ["changed StatefulSet default/keycloak", "ignored Service default/keycloak-discovery"],
  },
  "61-k8s-endpoints-glusterfs.yaml": { notices: ["ignored Endpoints default/glusterfs-cluster"] },
  "63-kube-router-ipset-services.yaml": {
    config: pool("default-my-service-80", { affinity: "none", policy: "random" }),
  },
  "70-k8s-probe-http-liveness.yaml": { notices: ["ignored Pod default/liveness-http"] },
  "73-istio-issue17181-dr-subsets-cookie.yaml": {
    config: pool("default-trader-service-any", {
      policy: "ring-hash",
      affinity: [{ "cookie-key": { name: "user", ttl: "5m" } }],
    }),
    notices: [
      "changed DestinationRule default/destination-rule-trader: spec.trafficPolicy.loadBalancer.consistentHash",
    ],
  },
  "74-nginx-issue3717-canary-affinity.yaml": {
    notices: ["invalid Ingress default/echo: ", "invalid Ingress default/echocanary: "],
  },
  "75-k8s-roundtrip-endpointslice.yaml": {
    refused: [
      'EndpointSlice 4/2: metadata.labels["kubernetes.io/service-name"]',
      "EndpointSlice 4/2: addressType",
      "EndpointSlice 4/2: ports[0].port",
      "EndpointSlice 4/2: ports[0].protocol",
    ],
  },
  "76-k8s-roundtrip-service.yaml": {
    refused: [
      "Service 4/2: spec.sessionAffinityConfig.clientIP.timeoutSeconds",
      "Service 4/2: spec.sessionAffinity",
      "Service 4/2: spec.externalTrafficPolicy",
    ],
  },
  "81-gep1619-btp-service.yaml": {
    config: {
      pools: {
        "default-servicev1-any-routex-0aa0bc29": cookie({ name: "service-cookie", path: "matched" }),
        "default-servicev1-any-routex-b8785530": cookie({ name: "service-cookie", path: "matched" }),
      },
      routes: [{ path: "/a" }, { path: "/b" }],
    },
    notices: ["changed BackendTrafficPolicy default/lbp: spec.sessionPersistence.cookie.name"],
  },
  "82-gep1619-name-collision.yaml": {
    config: pool("default-servicev1-any-split-route-5d5430a7", cookie({ name: "split-route-cookie" })),
    notices: ["invalid BackendTrafficPolicy default/lbp-split-route2: spec.sessionPersistence.cookie.name"],
  },
  "84-gep1619-split-partial.yaml": {
    config: {
      pools: {
        "default-servicev1-any-split-route-5d5430a7": cookie({ name: "split-route-cookie" }),
        "default-servicev2-any-split-route-5d5430a7": cookie({ name: "split-route-cookie" }),
      },
    },
    notices: ["changed BackendTrafficPolicy default/lbp-split-route: spec.sessionPersistence"],
  },
  "86-istio-api-doc-cookie-ttl0.yaml": {
    config: pool("prod-ratings-any", {
      policy: "ring-hash",
      affinity: [{ "cookie-key": { name: "user", ttl: "0s" } }],
    }),
  },
  "87-istio-api-doc-outlier.yaml": {
    config: pool("prod-reviews-any", {
      health: { outlier: { consecutive5xx: 7, interval: "5m", baseEjection: "15m", maxEjection: "10%" } },
      maxInFlight: 100,
    }),
    notices: [
      "changed DestinationRule default/reviews-cb-policy: spec.trafficPolicy.connectionPool.tcp.maxConnections",
      "changed DestinationRule default/reviews-cb-policy: spec.trafficPolicy.connectionPool.http.http2MaxRequests",
      "ignored DestinationRule default/reviews-cb-policy: spec.trafficPolicy.connectionPool.http.maxRequestsPerConnection",
    ],
  },
};
