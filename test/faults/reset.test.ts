import { expect, it } from "vitest";
import { decision } from "../support/client.ts";
import { useFaults } from "../support/faults.ts";

const FAULTS = [
  ["RST before the response", "rst", "reset"],
  ["FIN before the response", "fin", "close"],
  ["garbage from a pod", "noise", "garbage"],
] as const;
const { bound, send, tell } = useFaults(Object.fromEntries(FAULTS.map(([, pool]) => [pool, {}])));

it.each(FAULTS)(
  "%s: a GET is tried again at the same pod, and one moves no session",
  async (name, pool, fault) => {
    const { jar, pod } = await bound(pool);
    await pod.injectFor({ times: 1, path: `/${pool}/once` }, fault);
    const once = await send(jar, pool, { path: "/once" });
    expect([once.answer.body.trim(), decision(once.answer).outcome, once.arrivals]).toEqual([
      pod.id,
      "kept",
      2,
    ]);
    // A pod that always does so, and yet connects: no error of one path moves what it holds.
    await pod.injectFor({ path: `/${pool}/always` }, fault);
    const always = await send(jar, pool, { path: "/always" });
    tell(name, once, always);
    expect([503, 502]).toContain(always.answer.status);
    expect(always.answer.headers["set-cookie"]).toBeUndefined();
    const { answer } = await send(jar, pool);
    expect([answer.body.trim(), decision(answer).outcome]).toEqual([pod.id, "kept"]);
  },
);

it.each(FAULTS)("%s: a POST or PATCH gets 502, and has come exactly once", async (name, pool, fault) => {
  const { jar, pod } = await bound(pool);
  await pod.injectFor({ path: `/${pool}/pay` }, fault);
  for (const method of ["POST", "PATCH"]) {
    // Over a connection that was used before, which workerd repeats others on.
    await send(jar, pool);
    const sent = await send(jar, pool, { method, path: "/pay" });
    tell(`${name}, ${method}`, sent);
    expect([sent.answer.status, sent.arrivals]).toEqual([502, 1]);
    expect(sent.answer.headers["set-cookie"]).toBeUndefined();
  }
  const after = await send(jar, pool, { method: "POST" });
  expect([after.answer.body.trim(), after.arrivals]).toEqual([pod.id, 1]);
});
