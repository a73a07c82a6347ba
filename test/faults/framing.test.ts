import { expect, it } from "vitest";
import { decision } from "../support/client.ts";
import { useFaults } from "../support/faults.ts";

const FAULTS = [
  ["duplicate Content-Length from a pod", "lengths", "two-lengths"],
  ["TE+CL from a pod", "both", "length-and-chunked"],
] as const;
const { bound, of, send, tell } = useFaults(Object.fromEntries(FAULTS.map(([, pool]) => [pool, {}])));

it.each(FAULTS)(
  "%s: 502 or as RST, and the pool of connections is not poisoned",
  async (name, pool, fault) => {
    const { jar, pod } = await bound(pool);
    for (const method of ["GET", "POST", "PATCH"]) {
      await send(jar, pool);
      const injection = await pod.injectFor({ path: `/${pool}/odd` }, fault);
      const odd = await send(jar, pool, { method, path: "/odd" });
      await injection.lift();
      tell(`${name}, ${method}`, odd);
      // Of the two of them workerd takes the chunks, as RFC 9112, 6.3 says; then nothing else may say where the body ends.
      if (odd.answer.status === 200) {
        expect([odd.answer.body, odd.answer.headers["content-length"]]).toEqual(["ok", undefined]);
      } else expect(odd.answer.status).toBe(method === "GET" ? 503 : 502);
      if (method !== "GET") expect(odd.arrivals).toBe(1);
      // Each of them would read what lay ready on a connection that was kept.
      const after = await Promise.all(Array.from({ length: 8 }, () => send(jar, pool)));
      for (const { answer, arrivals } of after) {
        expect([answer.status, answer.body.trim(), arrivals]).toEqual([200, pod.id, 1]);
        expect(decision(answer).outcome).toBe("kept");
      }
    }
    expect(of(pool).every((one) => one.faults.length === 0)).toBe(true);
  },
);
