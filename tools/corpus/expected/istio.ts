import { type Expectations, pool } from "../expectation.ts";

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

/** DestinationRules and VirtualServices. */
export const ISTIO: Expectations = {
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
  "73-istio-issue17181-dr-subsets-cookie.yaml": {
    config: pool("default-trader-service-any", {
      policy: "ring-hash",
      affinity: [{ "cookie-key": { name: "user", ttl: "5m" } }],
    }),
    notices: [
      "changed DestinationRule default/destination-rule-trader: spec.trafficPolicy.loadBalancer.consistentHash",
    ],
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
