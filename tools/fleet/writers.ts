import { setTimeout as sleep } from "node:timers/promises";
import type { Fleet } from "./fleet.ts";

/** The pool that the writers change: it has one pod for each, whose weight counts that writer's changes. */
const POOL = "writers";

interface Document {
  readonly pools: Readonly<
    Record<string, { readonly pods: readonly { id: string; url: string; weight: number }[] }>
  >;
}

/** What many writers of one config came to. */
export interface Written {
  /** PUTs that were answered with 200, and with 412. */
  readonly won: number;
  readonly stale: number;
  /** Anything else that was answered. */
  readonly errors: readonly string[];
  /** Of each writer, what the last config says: a change that another write has undone is missing here. */
  readonly counted: readonly number[];
  /** How far the revision went up. */
  readonly revisions: number;
  /** Of the revisions that the history still lists: those that do not follow on the one before. */
  readonly gaps: number;
}

/** The pool for {@link writeAll}: pods that nobody asks. */
export function writersPool(writers: number): object {
  const pods = Array.from({ length: writers }, (_, i) => ({
    id: `writer-${i}`,
    url: `http://127.0.0.1:${9 + i}`,
    weight: 0,
  }));
  return { [POOL]: { pods } };
}

/**
 * Each writer reads the config, raises its own weight by 1, and writes it with If-Match, again whenever another was quicker,
 * until it has done so `each` times. They are spread over all edges.
 */
export async function writeAll({ admin, edges }: Fleet, writers: number, each: number): Promise<Written> {
  const first = (await admin.config<Document>())!.revision;
  const errors: string[] = [];
  let [won, stale] = [0, 0];
  const writer = async (own: number) => {
    const edge = own % edges.length;
    for (let done = 0; done < each && errors.length < 10; ) {
      const held = (await admin.config<Document>(edge))!;
      const { [POOL]: pool, ...others } = held.config.pools;
      const pods = pool!.pods.map((pod, i) => (i === own ? { ...pod, weight: pod.weight + 1 } : pod));
      const config = { ...held.config, pools: { ...others, [POOL]: { ...pool, pods } } };
      const headers = { "if-match": held.etag };
      const { status, body } = await admin.send("PUT", "/v1/config", { body: config, headers, edge });
      if (status === 200) {
        won++;
        done++;
      } else if (status !== 412) errors.push(`writer ${own}: ${status} ${body.slice(0, 200)}`);
      else {
        stale++;
        // Not in step: of twenty that write at once one wins, and the others only get in its way.
        await sleep(Math.random() * 10 * writers);
      }
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, own) => writer(own)));
  const last = (await admin.config<Document>())!;
  const { json } = await admin.get<{ revisions: { revision: number }[] }>("/v1/config/history");
  const listed = json.revisions.map(({ revision }) => revision);
  return {
    won,
    stale,
    errors,
    counted: last.config.pools[POOL]!.pods.map(({ weight }) => weight),
    revisions: last.revision - first,
    gaps: listed.filter((revision, i) => i > 0 && revision !== listed[i - 1]! - 1).length,
  };
}
