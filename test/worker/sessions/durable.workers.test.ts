import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { shardSender } from "../../../worker/edge/link.ts";
import type { Env } from "../../../worker/env.ts";
import { DurableStore } from "../../../worker/sessions/durable.ts";
import { bindingStoreContract } from "../../support/binding-store.ts";

const bindings = env as Env;
const shardOf = (sid: string) => {
  const namespace = bindings.STORE!;
  return namespace.get(namespace.idFromName(`shard-${Number.parseInt(sid.slice(0, 1), 16)}`));
};

bindingStoreContract(
  "the durable store",
  async () => new DurableStore(shardSender(bindings)!, { timeout: 10_000 }),
  async (sid) => {
    await runInDurableObject(shardOf(sid), (_, { storage }) => {
      const row = [sid, 3, "no pod", "000000000001", "A", "", 1, 2, Date.now() + 60_000, 0];
      storage.sql.exec("INSERT INTO bindings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", ...row);
    });
  },
);
