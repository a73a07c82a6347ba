import { cookie, type Expectations, pool } from "../expectation.ts";

const ANNOTATION = (name: string) => `metadata.annotations["nginx.ingress.kubernetes.io/${name}"]`;

/** Ingresses of ingress-nginx, and those that Traefik tests its support of them with. */
export const INGRESS: Expectations = {
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
  "74-nginx-issue3717-canary-affinity.yaml": {
    notices: ["invalid Ingress default/echo: ", "invalid Ingress default/echocanary: "],
  },
};
