import type { Plan } from "../../../src/plan/plan.ts";
import { command } from "../command.ts";
import { percent, table } from "../print.ts";
import { FILES, noticesIn, readAll, YAML } from "./file.ts";

/** Moves that a table shows. */
const SHOWN = 10;

export const plan = command({
  name: "plan",
  description: "Say which sessions a config would move, and why; nothing changes",
  args: {
    ...FILES,
    all: { type: "boolean", description: "Show every move, not the first ten alone" },
    strict: { type: "boolean", description: "End with 1 when any session would move, end or be refused" },
  },
  words: true,
  async run({ all, strict, json }, { api, paint, raw, say }) {
    const body = readAll(raw);
    const ask = async (cursor: string) =>
      (
        await api.send<Plan & { revision: number }>("POST", "/plan", {
          body,
          headers: YAML,
          // The counts are of all of them, however few are told.
          query: { cursor, limit: all || json ? undefined : String(SHOWN) },
        })
      ).json;
    const first = await ask("");
    const moves = [...first.moves];
    for (let cursor = all || json ? first.cursor : null; cursor !== null; ) {
      // Each page is planned anew, which takes seconds where there are many sessions.
      say(`${moves.length} of ${first.summary.moved} moves are listed`);
      const next = await ask(cursor);
      moves.push(...next.moves);
      cursor = next.cursor;
    }
    const { summary, keys, balance, routes, notices } = first;
    const { moved, ended, kept, down, total, exact, error, causes } = summary;
    const about = exact ? "" : "about ";
    const bound = exact ? "" : ` (± ${error})`;
    const why = Object.entries(causes);
    const lines = [
      `Of ${total} sessions ${about}${moved}${bound} would leave their pods, ${ended} of them for good; ${kept} would stay` +
        `${down > 0 ? `, and ${down} be refused (503)` : ""}.`,
      `Of keys without a session ${percent(keys.moved)} (± ${percent(keys.error)}) would have another pod.`,
    ];
    if (why.length > 0) lines.push("", table(["cause", "sessions"], why, paint));
    if (moves.length > 0) {
      const rows = moves.map(({ sid, pool, from, to, toPool, cause }) => [
        sid,
        pool,
        from,
        toPool ? `${toPool}/${to}` : to,
        cause,
      ]);
      lines.push("", table(["session", "pool", "from", "to", "cause"], rows, paint));
      if (first.cursor !== null && !all)
        lines.push(paint.dim(`and ${about}${moved - moves.length} more: --all shows them`));
    }
    if (routes.length > 0) {
      const rows = routes.map(({ host, path, match = [], before, after }) => [
        [`${host}${path}`, ...match].join("; "),
        before,
        after,
      ]);
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
