import { expect, it } from "vitest";
import { decision, Jar } from "../support/client.ts";
import { useFaults } from "../support/faults.ts";

const POLICIES = ["peak-ewma", "least-request"];
const { bound, send, tell } = useFaults(
  Object.fromEntries(POLICIES.map((policy) => [policy, { count: 4, config: { policy } }])),
);

it.each(POLICIES)("brownout under %s: sessions stay, new ones shift away", async (policy) => {
  const { jar, pod } = await bound(policy);
  const healthy = await send(jar, policy);
  await pod.inject("slow-headers", { ms: 500 });
  const slow = await send(jar, policy);
  const posted = await send(jar, policy, { method: "POST" });
  tell(`brownout, ${policy}`, healthy, slow, posted);
  for (const { answer, arrivals } of [slow, posted]) {
    expect([decision(answer).outcome, answer.body.trim(), arrivals]).toEqual(["kept", pod.id, 1]);
  }
  // Eight at a time, as load is what tells a slow pod from the others.
  const born: string[] = [];
  const queue = Array(160).keys();
  const client = async () => {
    for (const _ of queue) born.push((await send(new Jar(), policy)).answer.body.trim());
  };
  await Promise.all(Array.from({ length: 8 }, client));
  const share = born.filter((id) => id === pod.id).length / born.length;
  console.log(
    `brownout, ${policy}: ${Math.round(share * 100)} % of the new sessions, where 25 % would be fair`,
  );
  expect(born).not.toContain("");
  // Of 160 draws at a quarter, 40 ± 5.5: below 20 is not chance.
  expect(share).toBeLessThan(20 / 160);
});
