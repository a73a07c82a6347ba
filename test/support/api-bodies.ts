/** Bodies of each call that takes JSON, good and bad, as its schema says; `url` is that of an edge. */
export function bodiesFor(url: string): [name: string, bodies: unknown[]][] {
  const at = Date.now() + 60_000;
  return [
    ["post /v1/config/rollback", [{ revision: 1 }, {}, { revision: "1" }, { revision: 1.5 }]],
    [
      "patch /v1/pools/{pool}/pods/{pod}",
      [
        { state: "ready" },
        { state: "draining", deadline: "10m" },
        { state: "draining", deadline: at },
        { state: "draining", deadline: null },
        { state: "draining", deadline: true },
        { state: "drained" },
        { state: "ready", weight: 1 },
        { weight: 0 },
        { weight: 1_000_001 },
        { weight: -1 },
        { weight: 1.5 },
        { weight: "1" },
        { weight: null },
        { weight: 1, deadline: "10m" },
        {},
      ],
    ],
    [
      "patch /v1/pools/{pool}",
      [
        { weight: 0 },
        { weight: 1_000_001 },
        { weight: -1 },
        { weight: 1.5 },
        { weight: "1" },
        { weight: null },
        { state: "paused" },
        { state: "gone" },
        { state: "ready", weight: 95 },
        { weight: 95, deadline: "10m" },
        {},
      ],
    ],
    [
      "post /v1/pools/{pool}/rebalance",
      [
        { dryRun: true },
        { dryRun: 1 },
        { rate: 0 },
        { rate: 101 },
        { rate: 1.5 },
        { target: 0.5 },
        { target: 11 },
      ].map((order) => ({ dryRun: true, ...order })),
    ],
    [
      "post /v1/pools/{pool}/pods/{pod}/drain",
      [{}, { deadline: "10m" }, { deadline: {} }, { state: "ready" }],
    ],
    [
      "post /v1/sessions/{sid}/move",
      [
        { pod: "web-0" },
        { pod: "web-0", pool: "web" },
        { pod: "" },
        {},
        { pod: 1 },
        { pod: "web-0", pool: 1 },
      ],
    ],
    [
      "post /v1/explain",
      [
        { url: `${url}/` },
        { url: `${url}/`, method: "POST", headers: { a: "b", c: ["d", "e"] }, clientIp: "192.0.2.1" },
        {},
        { url: 1 },
        { url: `${url}/`, method: 1 },
        { url: `${url}/`, headers: { a: 1 } },
        { url: `${url}/`, body: "" },
      ],
    ],
  ];
}
