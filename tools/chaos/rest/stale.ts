import { jsonAnswer, jsonOf, type RestFault } from "./fault.ts";
import { readOf } from "./keys.ts";

export interface StaleOptions {
  /** For so many milliseconds a read is answered with what the same read was answered first. 5 s unless said. */
  readonly ms?: number;
  /** A script counts as a read of its keys, and is not run again meanwhile. */
  readonly scripts?: boolean;
}

/** Reads go to a replica that is behind: the same read has the same answer for a while, whatever was written. */
export const stale = ({ ms = 5000, scripts = false }: StaleOptions = {}): RestFault => {
  const known = new Map<string, { readonly at: number; readonly answer: unknown }>();
  const remembered = (read: string | undefined) => {
    const found = read === undefined ? undefined : known.get(read);
    return found !== undefined && Date.now() - found.at < ms ? found.answer : undefined;
  };
  return async ({ call, next }) => {
    const reads = call.commands.map((command) => readOf(command, scripts));
    const single = call.path === "/";
    const before = reads.map(remembered);
    if (single && before[0] !== undefined) return jsonAnswer(before[0]);
    const answer = await next();
    if (answer === undefined || answer.status !== 200) return answer;
    const json = jsonOf(answer);
    const fresh = single ? [json] : (json as unknown[]);
    for (const [i, read] of reads.entries()) {
      if (read !== undefined && before[i] === undefined)
        known.set(read, { at: Date.now(), answer: fresh[i] });
    }
    return single ? answer : jsonAnswer(fresh.map((one, i) => before[i] ?? one));
  };
};
