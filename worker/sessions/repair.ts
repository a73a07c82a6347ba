import type { Binding } from "../../src/model/binding.ts";
import { relate } from "../../src/sessions/settle.ts";
import { asOk, asTextOrNull } from "./answer.ts";
import type { RedisClient } from "./redis.ts";
import { bindingKey, encodeBinding, parseBinding } from "./value.ts";

/** Writes a binding where the store holds nothing. False: another wrote meanwhile, and that stays. One command. */
export async function repairAbsent(redis: RedisClient, binding: Binding, px: number): Promise<boolean> {
  const set = await redis.run("SET", bindingKey(binding.sid), encodeBinding(binding), "NX", "PX", px);
  return set !== null && asOk(set) === "OK";
}

/** More rounds than this, and something writes there that is not ours. */
const ROUNDS = 8;

/**
 * Writes a binding over less than it knows, or over what does not parse. False: another wrote more meanwhile.
 * Plain SET has no condition to give, so it returns what it replaced. If that knew more it is put back at once, and so
 * on until nothing but an own write was replaced: the most that anyone wrote stays. One command unless that happens.
 */
export async function repairBehind(redis: RedisClient, binding: Binding, px: number): Promise<boolean> {
  const key = bindingKey(binding.sid);
  let own: string | undefined;
  let holds = binding;
  for (let round = 0; round < ROUNDS; round++) {
    const value = encodeBinding(holds);
    const life = holds.state === "R" ? (["PXAT", holds.exp] as const) : (["PX", px] as const);
    const old = asTextOrNull(await redis.run("SET", key, value, "GET", ...life));
    const replaced = old === null || old === own ? undefined : parseBinding(binding.sid, old);
    const relation = relate(replaced, holds.epoch, holds.pod);
    if (relation === "absent" || relation === "behind" || relation === "same") return holds === binding;
    own = value;
    holds = replaced!;
  }
  throw new Error("a binding changed each time it was repaired");
}
