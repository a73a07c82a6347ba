import { afterAll, beforeAll, expect, it } from "vitest";
import { call, decision, Jar } from "../support/client.ts";
import { startPod, type TestPod } from "../support/pod.ts";
import { type Stack, startStack } from "../support/stack.ts";

let pod: TestPod;
let stack: Stack;

beforeAll(async () => {
  pod = await startPod("web-0");
  const web = { pods: [{ id: pod.id, url: pod.url }] };
  stack = await startStack({
    config: {
      version: 1,
      explain: true,
      pools: {
        web,
        bare: { ...web, affinity: "none" },
        gone: { pods: [], empty: 500 },
        silent: { pods: [] },
      },
      routes: [
        { path: "/", split: { web: 1, gone: 1 } },
        { path: "/bare", split: { bare: 1, gone: 1 } },
        { path: "/gone", pool: "gone" },
        { path: "/silent", split: { silent: 1, web: 1 } },
        { path: "/nothing", pool: "silent" },
      ],
    },
  });
});
afterAll(async () => {
  await stack?.stop();
  await pod?.kill();
});

it("half of 2,000 requests without sessions get 500 of a side without pods", async () => {
  let refused = 0;
  for (let i = 0; i < 40; i++) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => call(`${stack.url}/bare`)));
    for (const { status } of answers) if (status === 500) refused++;
    expect(answers.every(({ status }) => status === 200 || status === 500)).toBe(true);
  }
  // Four standard deviations of a fair draw, sqrt(2000 × 0.25) each: one run in 16,000 is outside.
  expect(Math.abs(refused - 1000)).toBeLessThanOrEqual(90);
});

it("whoever is bound never gets it, and who got it may be bound by the next request", async () => {
  const jar = new Jar();
  let answer = await jar.get(stack.url);
  for (let i = 0; i < 60 && answer.status === 500; i++) {
    expect(JSON.parse(answer.body).code).toBe("empty-pool");
    expect(jar.cookies.size).toBe(0);
    answer = await jar.get(stack.url);
  }
  expect([answer.status, decision(answer).outcome]).toEqual([200, "bound"]);
  for (let i = 0; i < 200; i++) expect(decision(await jar.get(stack.url)).outcome).toBe("kept");
});

it("alone it is all that is answered; without the option other sides serve, or it is 503", async () => {
  expect((await call(`${stack.url}/gone`)).status).toBe(500);
  for (let i = 0; i < 20; i++) expect((await call(`${stack.url}/silent`)).status).toBe(200);
  expect((await call(`${stack.url}/nothing`)).status).toBe(503);
});
