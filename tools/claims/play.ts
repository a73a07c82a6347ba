import { KINDS, type KindName } from "./kinds.ts";
import { addressAt, type User, type Visit } from "./script.ts";
import type { Tally } from "./tally.ts";

/** One request, as a world carries it. */
export interface Ask {
  readonly kind: KindName;
  readonly user: string;
  readonly edge: number;
  readonly method: "GET" | "POST";
  /** The number of the request, which its pod remembers. */
  readonly number: number;
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a pod says. */
export interface Answer {
  readonly pod: number;
  /** Tells one life of the pod from another. */
  readonly life: string;
  /** The number that it remembered of this user until now; undefined: it knew nothing. */
  readonly last: number | undefined;
}

/** Where a script is played: in virtual time, or over real connections. It also keeps the cookies of each user. */
export interface Stage {
  /** Resolves at a moment: milliseconds from the start. */
  until(at: number): Promise<void>;
  /** Undefined: no pod answered. */
  ask(ask: Ask): Promise<Answer | undefined>;
  /** Whether a pod is still in this life. */
  lives(pod: number, life: string): boolean;
}

/** A user's connection, for those who choose by it. */
class Connection {
  readonly #user: string;
  readonly #keepAlive: number;
  #number = 0;
  #address = "";
  #used = Number.NEGATIVE_INFINITY;

  /** @param keepAlive milliseconds */
  constructor(user: string, keepAlive: number) {
    this.#user = user;
    this.#keepAlive = keepAlive;
  }

  /** The one that a request goes over: another where the last was silent for too long, or has the user's old address. */
  at(now: number, address: string): string {
    if (now - this.#used > this.#keepAlive || address !== this.#address) this.#number++;
    this.#address = address;
    return `${this.#user}.${this.#number}`;
  }

  /** An answer came over it; from now on it is silent. */
  answered(now: number): void {
    this.#used = now;
  }

  fail(): void {
    this.#used = Number.NEGATIVE_INFINITY;
  }
}

/**
 * Has a user do what the script says, and counts what became of it. Each request leaves its number in the pod's memory, and
 * the next one must find it there: else all that the user had begun is lost, and begins anew where that request came to.
 *
 * @param keepAlive milliseconds
 */
export async function play(
  user: User,
  kind: KindName,
  stage: Stage,
  tally: Tally,
  keepAlive: number,
): Promise<void> {
  const connection = new Connection(user.name, keepAlive);
  let held: { readonly number: number; readonly pod: number; readonly life: string } | undefined;
  let broken = -1;
  tally.users++;
  tally.hours += (user.visits.at(-1)!.at - user.visits[0]!.at) / 3_600_000;
  for (const [number, visit] of user.visits.entries()) {
    await stage.until(visit.at);
    const { transfer } = visit;
    // Who has failed half-way does not go on.
    if (transfer?.number === broken) continue;
    if (transfer?.step === 0) tally.transfers++;
    // By the script's time: that a machine is late must not change what users do.
    const address = addressAt(user, visit.at);
    const headers = KINDS[kind].headers({ address, connection: connection.at(visit.at, address) });
    const method = methodOf(visit);
    const answer = await stage.ask({
      kind,
      user: user.name,
      edge: visit.edge,
      method,
      number,
      address,
      headers,
    });
    tally.requests++;
    if (answer === undefined) {
      tally.unanswered++;
      connection.fail();
    } else {
      connection.answered(visit.at);
      tally.pods[answer.pod] = tally.pods[answer.pod]! + 1;
    }
    // A bodyless request may come to a pod twice: then it finds itself.
    const known = answer !== undefined && (answer.last === held?.number || answer.last === number);
    if (answer !== undefined && held !== undefined && !known) {
      if (stage.lives(held.pod, held.life)) tally.astray++;
      else tally.lost++;
    }
    const lacking = transfer !== undefined && transfer.step > 0 && !known;
    if (transfer !== undefined && (lacking || answer === undefined)) {
      tally.failed++;
      broken = transfer.number;
    }
    if (answer !== undefined) held = { number, pod: answer.pod, life: answer.life };
  }
}

/** To look changes nothing, and may be tried again; the steps of a transfer may not. */
function methodOf({ transfer }: Visit): "GET" | "POST" {
  return transfer === undefined ? "GET" : "POST";
}
