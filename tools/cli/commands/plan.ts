import type { Plan } from "../../../src/plan/plan.ts";
import { command } from "../command.ts";
import { percent, table } from "../print.ts";
import { FILE, noticesIn, readText, YAML } from "./file.ts";

/** Moves that a table shows. */
const SHOWN = 10;

export const plan = command({
  name: "plan",
  description: "Say which sessions a config would move, and why; nothing changes",
  args: {
    ...FILE,
    all: { type: "boolean", description: "Show every move, not the first ten alone" },
    strict: { type: "boolean", description: "End with 1 when any session would move, end or be refused" },
  },
  async run({ file, all, strict }, { api, paint, say }) {
    const body = readText(file);
    const ask = async (cursor: string) =>
      (
        await api.send<Plan & { revision: number }>("POST", "/plan", {
          body,
          headers: YAML,
          query: { cursor },
        })
      ).json;
    const first = await ask("");
    const moves = [...first.moves];
    for (let { cursor } = first; cursor !== null; ) {
      // Each page is planned anew, which takes seconds where there are many sessions.
      say(`${moves.length} of ${first.summary.moved} moves are listed`);
      const next = await ask(cursor);
      moves.push(...next.moves);
      cursor = next.cursor;
    }
    const { summary, keys, balance, routes, notices } = first;
    const { moved, ended, kept, down, total, exact, error } = summary;
    const about = exact ? "" : "about ";
    const bound = exact ? "" : ` (± ${error})`;
    const why = new Map<string, number>();
    for (const { cause } of moves) why.set(cause, (why.get(cause) ?? 0) + 1);
    const lines = [
      `Of ${total} sessions ${about}${moved}${bound} would leave their pods, ${ended} of them for good; ${kept} would stay` +
        `${down > 0 ? `, and ${down} be refused (503)` : ""}.`,
      `Of keys without a session ${percent(keys.moved)} (± ${percent(keys.error)}) would have another pod.`,
    ];
    if (why.size > 0) lines.push("", table(["cause", "sessions"], [...why], paint));
    if (moves.length > 0) {
      const shown = all ? moves : moves.slice(0, SHOWN);
      const rows = shown.map(({ sid, pool, from, to, toPool, cause }) => [
        sid,
        pool,
        from,
        toPool ? `${toPool}/${to}` : to,
        cause,
      ]);
      lines.push("", table(["session", "pool", "from", "to", "cause"], rows, paint));
      if (shown.length < moves.length)
        lines.push(paint.dim(`and ${moves.length - shown.length} more: --all shows them`));
    }
    if (routes.length > 0) {
      const rows = routes.map(({ host, path, before, after }) => [`${host}${path}`, before, after]);
      lines.push("", table(["route", "now", "then"], rows, paint));
    }
    const rows = balance.map(({ pool, pod, before, after }) => [
      `${pool}/${pod}`,
      before?.sessions,
      after?.sessions,
      before === null ? null : percent(before.share),
      after === null ? null : percent(after.share),
    ]);
    lines.push("", table(["pod", "sessions now", "then", "share now", "then"], rows, paint));
    if (notices.length > 0) lines.push("", ...noticesIn(notices));
    return {
      json: { ...first, moves, cursor: null },
      text: lines.join("\n"),
      no: strict === true && moved + down > 0,
    };
  },
});
