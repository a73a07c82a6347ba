import { createReadStream } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { userPath } from "../../serve/user-path.ts";
import { command } from "../command.ts";
import { Failure } from "../failure.ts";
import { Events } from "../sync/events.ts";
import { Follow } from "../sync/follow.ts";
import { KINDS, Watch } from "../sync/kubectl.ts";
import { type Synced, Writer } from "../sync/writer.ts";
import { readText } from "./file.ts";

const USUAL = "endpointslices,services,ingresses";

/** Follows a cluster, or a recorded stream of its events, and keeps the config at what it says. */
export const sync = command({
  name: "sync",
  description:
    "Follow a Kubernetes cluster by kubectl, or a recorded stream, and keep the config at what it says",
  args: {
    from: {
      type: "string",
      description: "A recorded stream of watch events in place of kubectl; - for stdin",
    },
    with: { type: "string", description: "A file of native config that stands beside the cluster's" },
    kinds: {
      type: "string",
      description: `What is followed, of ${Object.keys(KINDS).join(", ")} (${USUAL})`,
    },
    namespace: { type: "string", alias: "n", description: "One namespace alone (all of them)" },
    context: { type: "string", description: "The context of kubectl (its current one)" },
    once: { type: "boolean", description: "End when the cluster's state is in force" },
  },
  async run(args, { api, say }) {
    const beside = args.with === undefined ? [] : [{ name: args.with, text: readText(args.with) }];
    const writer = new Writer(api, beside, say);
    const all: Synced[] = [];
    let told: () => void = () => undefined;
    const first = new Promise<void>((resolve) => {
      told = resolve;
    });
    const done = (synced: Synced | undefined) => {
      if (synced !== undefined) {
        all.push(synced);
        say(`revision ${synced.revision}: ${synced.changes.join("; ") || "the same in other words"}`);
      }
      told();
    };
    if (args.from !== undefined) await replay(args.from, new Follow([], writer, done), done);
    else
      await live(
        kindsIn(args.kinds ?? USUAL),
        argsOf(args),
        writer,
        done,
        args.once ? first : undefined,
        say,
      );
    const last = all.at(-1);
    const text = last === undefined ? "Nothing to change." : `Revision ${last.revision} is in force.`;
    return { json: { revisions: all }, text };
  },
});

function kindsIn(text: string): string[] {
  const names = text
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
  const wrong = names.find((name) => !Object.hasOwn(KINDS, name));
  if (wrong !== undefined || names.length === 0)
    throw new Failure(
      "usage",
      `--kinds knows ${Object.keys(KINDS).join(", ")}${wrong === undefined ? "" : `, not ${wrong}`}`,
    );
  return [...new Set(names)];
}

function argsOf({
  namespace,
  context,
}: {
  namespace?: string | undefined;
  context?: string | undefined;
}): string[] {
  return [
    ...(namespace === undefined ? ["--all-namespaces"] : ["--namespace", namespace]),
    ...(context === undefined ? [] : ["--context", context]),
  ];
}

/** Events that say when they came keep their distances; the others come as fast as they are read. */
async function replay(from: string, follow: Follow, done: (synced: undefined) => void): Promise<void> {
  const events = new Events();
  const stream = from === "-" ? process.stdin : createReadStream(userPath(from));
  const began = Date.now();
  try {
    for await (const chunk of stream.setEncoding("utf8") as AsyncIterable<string>) {
      for (const event of events.push(chunk)) {
        if (event.at !== undefined) await Promise.race([sleep(began + event.at - Date.now()), follow.failed]);
        follow.event(event);
      }
    }
    events.end();
  } catch (error) {
    if (error instanceof Failure) throw error;
    // What came before it is good.
    await follow.flush();
    throw new Failure("usage", `${from}: ${error instanceof Error ? error.message : error}`);
  }
  await follow.flush();
  done(undefined);
}

async function live(
  names: readonly string[],
  args: readonly string[],
  writer: Writer,
  done: (synced: Synced | undefined) => void,
  once: Promise<void> | undefined,
  say: (line: string) => void,
): Promise<void> {
  const follow = new Follow(
    names.map((name) => KINDS[name]!),
    writer,
    done,
  );
  const followed = { event: follow.event.bind(follow), say };
  const watches = names.map((name) => new Watch(name, args, followed));
  const stop = () => {
    for (const watch of watches) watch.stop();
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
  say(`following ${names.join(", ")}`);
  try {
    const ended = Promise.all(watches.map((watch) => watch.run()));
    await Promise.race([ended, follow.failed, ...(once === undefined ? [] : [once])]);
  } finally {
    stop();
  }
  await follow.flush();
}
