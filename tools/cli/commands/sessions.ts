import { command, type Tools } from "../command.ts";
import { Failure } from "../failure.ts";
import { age, table } from "../print.ts";

interface Session {
  readonly sid: string;
  readonly pool: string;
  readonly pod: string;
  readonly home: string;
  readonly epoch: number;
  readonly created: number;
  readonly seen: number;
  readonly expires: number;
}

/** What can be done, and what it takes: `sessions`, `sessions show SID` and so on. */
export const sessions = command({
  name: "sessions",
  description: "List sessions, or show, move or revoke one",
  watch: ({ action }) => action === "list" || action === "show",
  args: {
    action: { type: "positional", description: "list, show, move or revoke", default: "list" },
    sid: { type: "positional", description: "For all but list", required: false },
    to: { type: "positional", description: "For move: the id of a pod of its scope", required: false },
    pool: { type: "string", description: "Of this pool alone; for move, the pod's" },
    pod: { type: "string", description: "On this pod alone" },
    limit: { type: "string", description: "How many, at most 1000", default: "20" },
    cursor: { type: "string", description: "Where the page before ended" },
  },
  async run({ action, sid, to, pool, pod, limit, cursor }, tools) {
    const { api, paint } = tools;
    switch (action) {
      case "list": {
        const json = await api.get<{ sessions: Session[]; cursor: string | null }>("/sessions", {
          ...{ pool, pod, limit, cursor },
        });
        const more = json.cursor === null ? [] : [paint.dim(`more: --cursor ${json.cursor}`)];
        return { json, text: [list(json.sessions, tools), ...more].join("\n") };
      }
      case "show": {
        const json = await api.get<Session>(`/sessions/${named(sid)}`);
        return { json, text: list([json], tools) };
      }
      case "move": {
        if (to === undefined) throw new Failure("usage", "mooring sessions move SID POD");
        const { json } = await api.send<Session>("POST", `/sessions/${named(sid)}/move`, {
          body: { pod: to, pool },
        });
        return { json, text: `${json.sid} is on ${json.pool}/${json.pod}, at epoch ${json.epoch}.` };
      }
      case "revoke": {
        const { json } = await api.send<{ sid: string }>("DELETE", `/sessions/${named(sid)}`);
        return { json, text: `${json.sid} is revoked: every edge refuses it within 10 s.` };
      }
      default:
        throw new Failure("usage", `sessions can list, show, move and revoke, not ${JSON.stringify(action)}`);
    }
  },
});

function named(sid: string | undefined): string {
  if (sid === undefined) throw new Failure("usage", "name a session: mooring sessions lists them");
  return encodeURIComponent(sid);
}

function list(found: readonly Session[], { paint }: Tools): string {
  if (found.length === 0) return "No sessions.";
  const now = Date.now();
  const rows = found.map(({ sid, pool, pod, home, epoch, created, seen, expires }) => [
    sid,
    pool,
    pod,
    home === pod ? null : home,
    epoch,
    age(created, now),
    `${age(seen, now)} ago`,
    age(expires, now),
  ]);
  return table(["session", "pool", "pod", "home", "epoch", "age", "seen", "ends"], rows, paint);
}
