import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { call, Jar } from "../../tools/fleet/client.ts";
import { Tokens } from "../../tools/fleet/token.ts";
import { eventually, inParallel } from "../../tools/fleet/wait.ts";
import { type Ailing, newJars, RETIRED } from "./ailing.ts";

/** What is done to bring about what a check names. */
export const ailmentsOf = (ailing: Ailing): Readonly<Record<string, () => Promise<unknown>>> => ({
  "pods-not-ready": async () => ailing.pods.get("unready-0")!.app.behave({ ready: false }),
  "pods-flapping": async () => {
    for (let i = 0; i < 6; i++) {
      ailing.pods.get("flap-0")!.app.behave({ ready: i % 2 === 1 });
      await sleep(700);
    }
  },
  "pods-rolling": async () => {
    const jars = newJars(24);
    await ailing.visit(jars, "roll");
    for (const id of ["roll-0", "roll-1"]) {
      await ailing.pods.get(id)!.pod.kill();
      await ailing.visit(jars, "roll");
    }
  },
  "connect-failures": async () => {
    await ailing.pods.get("dead-0")!.pod.kill();
    for (let i = 0; i < 6; i++) await call(ailing.at("dead"), { method: "POST" });
  },
  "retries-spent": async () => {
    for (const id of ["retry-0", "retry-1"]) await ailing.pods.get(id)!.pod.kill();
    await ailing.visit(newJars(60), "retry");
  },
  "time-outs": () =>
    inParallel(newJars(5), 5, async (jar) => void (await jar.get(ailing.at("slow", 0, "/slow?ms=1000")))),
  "no-route": () =>
    inParallel(newJars(20), 4, async (jar) => void (await jar.get(`${ailing.fleet.url}/none`))),
  "pods-empty": async () => expect((await call(ailing.at("empty"))).status).toBe(503),
  "pods-full": () =>
    inParallel(newJars(8), 8, async (jar) => void (await jar.get(ailing.at("full", 0, "/slow?ms=500")))),
  "pod-errors": () =>
    inParallel(
      newJars(8),
      4,
      async (jar) => void (await jar.get(ailing.at("errors", 0, "/status?code=502"))),
    ),
  "idle-too-short": async () => {
    for (let round = 0; round < 2; round++) {
      for (let user = 0; user < 8; user++)
        await call(ailing.at("idle"), { headers: { "x-user": `u${user}` } });
      await sleep(2500);
    }
  },
  "address-shared": async () => {
    for (let i = 0; i < 16; i++) {
      const headers = { "x-forwarded-for": "198.51.100.7", "user-agent": `browser ${i}` };
      await call(ailing.at("nat", i % 2), { headers });
      await sleep(700);
    }
  },
  "address-changing": async () => {
    for (let i = 0; i < 12; i++) {
      await call(ailing.at("phone"), {
        headers: { "x-forwarded-for": `203.0.113.${i}`, cookie: "seen=before" },
      });
    }
  },
  "hot-session": async () => {
    const [greedy, ...others] = newJars(16);
    await ailing.visit(others, "hot");
    for (let i = 0; i < 300; i++) {
      await greedy!.get(ailing.at("hot"));
      await sleep(80);
    }
  },
  "uneven-weights": async () => {
    await ailing.fleet.admin.send("PATCH", "/v1/pools/weights/pods/weights-0", { body: { weight: 8 } });
    await ailing.visit(newJars(80), "weights");
  },
  "uneven-sessions": async () => {
    await ailing.visit(newJars(100), "scale");
    expect((await ailing.fleet.admin.putConfig(ailing.document())).status).toBe(200);
  },
  "edges-disagree": async () => {
    // On a busy machine the store may be too late to disagree with anybody: then once more.
    for (let attempt = 0; attempt < 5; attempt++) {
      const jars = newJars(30);
      await ailing.visit(jars, "disagree");
      await ailing.visit(jars, "disagree", 1);
      const copies = jars.map((jar) => jar.copy());
      await ailing.pods.get("disagree-0")!.pod.kill();
      // The one edge moves a session, and the other is shown the cookie from before that.
      await ailing.visit(jars, "disagree");
      await ailing.visit(copies, "disagree", 1);
      const found = await eventually(
        () => ailing.ids(),
        (ids) => ids.includes("edges-disagree"),
        { within: 5000 },
      );
      if (found.includes("edges-disagree")) return;
      await ailing.pods.get("disagree-0")!.pod.revive();
    }
  },
  "key-retired": async () => {
    const jar = new Jar();
    await jar.get(ailing.at("web"));
    const { name, token } = await ailing.fleet.tokens.find(jar, "web");
    const old = await new Tokens({ current: RETIRED }).seal({ ...token, sid: "7".repeat(32) }, "web");
    await call(ailing.at("web"), { headers: { cookie: `${name}=${old}` } });
  },
  "tokens-unknown": async () => {
    const jar = new Jar();
    await jar.get(ailing.at("slow"));
    const { name, token } = await ailing.fleet.tokens.find(jar, "slow");
    const replaced = new Tokens({ current: `${RETIRED}, and forgotten` });
    for (let i = 0; i < 12; i++) {
      const text = await replaced.seal({ ...token, sid: String(i).padStart(32, "0") }, "slow");
      await call(ailing.at("slow"), { headers: { cookie: `${name}=${text}` } });
    }
  },
  "clock-skew": async () => {
    ailing.strangers.skewed = { sent: 600_000 };
  },
  "config-behind": async () => {
    ailing.strangers.behind = { revision: 0 };
  },
  "keys-differ": async () => {
    ailing.strangers.foreign = { keys: ["zz"] };
  },
  "key-worn": async () => {
    ailing.strangers.worn = { keys: ["yy"], tallies: { mooring_tokens_sealed_total: { '["yy"]': 2 ** 30 } } };
  },
});
