import { type Exchange, jsonAnswer, jsonOf, type RestAnswer, type RestFault } from "./fault.ts";
import { written } from "./keys.ts";

const SHADOW = "chaos:shadow:";

/**
 * Answers as if all were well and forgets what it wrote, as a primary does that fails over to a replica that had not heard
 * of it yet. The store itself computes the answer, and takes the keys back to what they were in the same transaction.
 */
export const lostWrites = (): RestFault => async (exchange) => {
  const { call } = exchange;
  const keys = [...new Set(call.commands.flatMap(written))];
  if (keys.length === 0) return exchange.next();
  const answers = await rolledBack(exchange, keys);
  if (!Array.isArray(answers)) return answers;
  if (call.path === "/pipeline" || call.path === "/multi-exec") return jsonAnswer(answers);
  const [answer] = answers as [object];
  return jsonAnswer(answer, "error" in answer ? 400 : 200);
};

/** The answer to each command of the call; the store's own answer when it did not do them. */
async function rolledBack({ call, ask }: Exchange, keys: readonly string[]): Promise<unknown[] | RestAnswer> {
  const answer = await ask("/multi-exec", [
    ...keys.map((key) => ["COPY", key, SHADOW + key, "REPLACE"]),
    ...call.commands,
    ...keys.map((key) => ["DEL", key]),
    // An error where there was nothing before, and so there is nothing now.
    ...keys.map((key) => ["RENAME", SHADOW + key, key]),
  ]);
  const all = answer.status === 200 ? jsonOf(answer) : undefined;
  return Array.isArray(all) ? all.slice(keys.length, keys.length + call.commands.length) : answer;
}
