import { parseArgs } from "node:util";
import { startGateway } from "./gateway.ts";

const USAGE =
  "usage: node tools/gateway/main.ts --redis redis://HOST:PORT [--port N] [--host H]; token in UPSTASH_REDIS_REST_TOKEN";

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      redis: { type: "string" },
      port: { type: "string" },
      host: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return console.log(USAGE);
  const token = process.env.UPSTASH_REDIS_REST_TOKEN ?? "";
  if (values.redis === undefined || token === "") throw new Error(USAGE);
  const port = Number(values.port ?? 8079);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error(`not a port: ${values.port}`);
  const gateway = await startGateway({
    redisUrl: values.redis,
    token,
    port,
    host: values.host ?? "127.0.0.1",
  });
  console.log(`Redis over HTTP is ready at ${gateway.url}`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void gateway.stop().then(() => process.exit(0)));
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
