import { cookie, type Expectations, pool } from "../expectation.ts";

const INFRA = "gateway-conformance-infra-infra-backend-";

/** Routes and policies of the Gateway API, and of its implementations. */
export const GATEWAY: Expectations = {
  "37-istio-gwapi-xbtp-persistence.yaml": {
    config: pool("default-echo-any", {
      ...cookie({ name: "foo", absolute: "1h", maxAge: "1h" }),
      retry: { budget: "30%" },
    }),
    notices: ["changed XBackendTrafficPolicy default/lb-policy: spec.retryConstraint.minRetryRate"],
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
};
