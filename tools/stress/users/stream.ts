import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import type { User } from "../user.ts";
import type { Habit } from "./habit.ts";

/** Between two events. Milliseconds. */
const EVERY = 3000;
/** As browsers wait before they open a stream anew. Milliseconds. */
const ANEW = 1000;
/** Until a stream that says nothing counts as lost. Milliseconds. */
const LOST = 30_000;

/** Holds an event stream open, and looks at its page now and then. */
export function stream(user: User): Habit {
  const agent = new Agent({ keepAlive: false, maxSockets: 1 });
  let response: IncomingMessage | undefined;
  const open = () => {
    const from = Date.now();
    const wrong = (status: number, text: string) => {
      const until = Date.now();
      user.recorder.trouble({ client: user.name, method: "GET", status, text, from, until, pod: user.pod });
      setTimeout(open, ANEW);
    };
    const url = `${user.url()}/sse?events=1000000&every=${EVERY}`;
    const request = httpRequest(url, { agent, headers: user.headers(), timeout: LOST });
    request.on("timeout", () => request.destroy(new Error("nothing in time")));
    request.on("error", (error) => {
      if (response === undefined) wrong(0, `/sse ${String(error)}`);
    });
    request.on("response", (opened: IncomingMessage) => {
      user.jar.keep(opened.headers["set-cookie"] ?? []);
      opened.on("error", () => undefined);
      if (opened.statusCode !== 200) {
        opened.resume();
        return wrong(opened.statusCode ?? 0, "/sse");
      }
      response = opened;
      let pod = "";
      opened.setEncoding("utf8");
      opened.on("data", (text: string) => {
        const said = /^data: (\S+)$/m.exec(text)?.[1];
        if (said !== undefined && pod === "") user.answeredBy(said, from);
        pod = said ?? pod;
        user.recorder.event();
      });
      opened.once("close", () => {
        response = undefined;
        const at = Date.now();
        user.recorder.interrupted({ what: "stream", user: user.name, pod: pod || user.pod, since: from, at });
        setTimeout(open, ANEW);
      });
    });
    request.end();
  };
  return {
    begin: open,
    async act(due) {
      const said = await user.ask("/", { due });
      if (said !== undefined) user.answeredBy(said.body.trim(), said.from);
    },
    get held() {
      return response === undefined ? 0 : 1;
    },
  };
}
