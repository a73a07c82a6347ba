import { type Expectations, pool } from "../expectation.ts";

/** Services, what is behind them, and the probes of their pods. */
export const CORE: Expectations = {
  "38-istio-health-liveness-http.yaml": {
    config: pool("default-liveness-http-8001", {
      health: { liveness: { path: "/foo", period: "5s", initialDelay: "5s" } },
    }),
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
};
