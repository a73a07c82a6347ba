import { DurableObject } from "cloudflare:workers";
import type { Clock } from "../../src/model/ports.ts";
import { parseCall, type ShardCall } from "./call.ts";
import { BindingTable } from "./table.ts";

/** How often rows past their end are swept, while there are rows. Milliseconds. */
const SWEEP_EVERY = 600_000;

/**
 * One of the shards of the embedded binding store: a table in SQLite. Answers POST `{ method, args }` with `{ result }`;
 * 400 `{ error }` for a call that is none. Rows past their end count as absent at once; an alarm sweeps them.
 */
export class BindingShard extends DurableObject {
  readonly #table: BindingTable;
  readonly #clock: Clock;
  #armed = false;

  constructor(ctx: DurableObjectState, env: never, clock: Clock = { now: () => Date.now() }) {
    super(ctx, env);
    this.#clock = clock;
    this.#table = new BindingTable(ctx.storage.sql, clock);
  }

  override async fetch(request: Request): Promise<Response> {
    if (request.method !== "POST") return Response.json({ error: "POST { method, args }" }, { status: 405 });
    try {
      const { method, args } = parseCall(await request.text());
      await this.#arm();
      const table: Record<ShardCall["method"], (...args: never[]) => unknown> = this.#table;
      const result = table[method].apply(this.#table, args as never[]);
      return Response.json({ result: result ?? null });
    } catch (error) {
      const mine = error instanceof TypeError || error instanceof SyntaxError;
      return Response.json({ error: String(error) }, { status: mine ? 400 : 500 });
    }
  }

  override async alarm(): Promise<void> {
    const { full, empty } = this.#table.sweep();
    this.#armed = !empty;
    if (!empty) await this.ctx.storage.setAlarm(this.#clock.now() + (full ? 0 : SWEEP_EVERY));
  }

  /** Before the call and not after it: the call itself must not wait between reading and writing. */
  async #arm(): Promise<void> {
    if (this.#armed) return;
    this.#armed = true;
    if ((await this.ctx.storage.getAlarm()) === null) {
      await this.ctx.storage.setAlarm(this.#clock.now() + SWEEP_EVERY);
    }
  }
}
