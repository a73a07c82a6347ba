import { problem } from "../src/route/problem.ts";
import { checkHost, readTarget } from "../src/route/target.ts";
import { apiProblem } from "./admin/problem.ts";
import { isConsole } from "./console/places.ts";
import { internal } from "./coordinator/internal.ts";
import { proxy } from "./edge/proxy.ts";
import type { Env } from "./env.ts";

export { Coordinator } from "./coordinator/coordinator.ts";
export { BindingShard } from "./sessions/shard.ts";

const ADMIN = "/_mooring";

/** Whether the path is ours: `/_mooring` or below it. */
function isAdmin(url: string, slash: number): boolean {
  if (!url.startsWith(ADMIN, slash)) return false;
  const next = url.charCodeAt(slash + ADMIN.length);
  return Number.isNaN(next) || next === 47 || next === 63;
}

export default {
  fetch(request, env, context) {
    const { url } = request;
    const slash = url.indexOf("/", url.indexOf("://") + 3);
    if (isAdmin(url, slash)) return admin(request, env, context);
    if (env.MOORING_ROLE === "coordinator") {
      return apiProblem(
        404,
        "coordinator",
        "This process serves no traffic",
        "It is the coordinator; ask an edge.",
      );
    }
    return proxy(request, env, context);
  },
} satisfies ExportedHandler<Env>;

async function admin(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
  const target = readTarget(request.url);
  const bad = checkHost(request.headers.get("host"), target);
  if (bad !== undefined) return problem(bad);
  const { path } = target;
  const answer = await internal(request, env, path);
  if (answer !== undefined) return answer;
  // Traffic needs nothing of them: they are modules of their own, each loaded with its first call.
  if (isConsole(path)) return (await import("./console/console.ts")).pages.fetch(request, env, context);
  const { app } = await import("./app.ts");
  return app.fetch(request, env, context);
}
