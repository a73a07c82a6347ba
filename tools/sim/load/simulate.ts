import { suspicion } from "../../../src/health/suspicion.ts";
import { type Dice, dice } from "../dice.ts";
import { Agenda } from "./agenda.ts";
import { Hub } from "./hub.ts";
import { Isolate } from "./isolate.ts";
import { Notes } from "./notes.ts";
import { Pulse } from "./pulse.ts";
import { Requests } from "./requests.ts";
import { type Rule, ruleOf } from "./rules.ts";
import type { Scene, Seen } from "./scene.ts";
import { Servers } from "./servers.ts";

const [ARRIVE, REACH, FINISH, REFUSE, TIMER, HEAR, ANSWER, TIRED, SAMPLE, CHANGE, TRUST] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
];

/** When everything begins: not at 0, which means "never" in places. */
const START = 1_000_000;
/** A view older than this is refreshed first. Milliseconds. */
const STALE = 10_000;
/** What a request waits for that at most. Milliseconds. */
const PATIENCE = 150;
/** What a refused connection takes. Milliseconds. */
const REFUSED = 1;

/** Runs a scene: everything that happens is an event, and the same seed gives the same run. */
export function simulate(scene: Scene): Seen {
  return new Simulation(scene).run();
}

class Simulation {
  readonly #scene: Scene;
  readonly #agenda = new Agenda();
  readonly #arrivals: Dice;
  readonly #words: Dice;
  readonly #failures: Dice;
  readonly #servers: Servers;
  readonly #hub: Hub;
  readonly #isolates: Isolate[];
  readonly #pulse: Pulse;
  readonly #requests = new Requests();
  readonly #rule: Rule;
  readonly #notes: Notes;
  readonly #end: number;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#arrivals = dice(scene.seed, "arrivals");
    this.#words = dice(scene.seed, "words");
    this.#failures = dice(scene.seed, "failures");
    this.#servers = new Servers(scene, dice(scene.seed, "service"), this.#agenda, FINISH!);
    this.#hub = new Hub(scene);
    this.#isolates = Array.from({ length: scene.isolates }, () => new Isolate(scene.pods, scene.period));
    this.#pulse = new Pulse(this.#isolates, this.#hub, this.#agenda, dice(scene.seed, "timers"), scene.way, {
      timer: TIMER!,
      hear: HEAR!,
      answer: ANSWER!,
    });
    this.#rule = ruleOf(scene, this.#servers.inflight);
    this.#notes = new Notes(scene, START + scene.warmup);
    this.#end = START + scene.warmup + scene.length;
  }

  run(): Seen {
    const { warmup, sampled, changes } = this.#scene;
    const agenda = this.#agenda;
    agenda.plan(START, ARRIVE!, 0);
    agenda.plan(START + warmup, SAMPLE!, Math.ceil(sampled));
    changes.forEach(({ at }, i) => {
      agenda.plan(START + warmup + at, CHANGE!, i);
    });
    while (agenda.next(this.#end)) this.#happen(agenda.kind, agenda.a, agenda.b, agenda.time);
    // What is under way ends, so that no latency is left out.
    while (this.#requests.open > 0 && agenda.next(Number.POSITIVE_INFINITY)) {
      this.#happen(agenda.kind, agenda.a, agenda.b, agenda.time);
    }
    return this.#notes.seen(this.#hub);
  }

  #happen(kind: number, a: number, b: number, now: number): void {
    if (kind === ARRIVE) this.#arrive(now);
    else if (kind === REACH) this.#servers.arrive(a, b, now);
    else if (kind === FINISH) {
      this.#servers.finish(b, now);
      this.#ended(a, b, this.#failures.odds(this.#servers.errors[b]!), now);
    } else if (kind === REFUSE) this.#refused(a, b, now);
    else if (kind === TIMER) this.#pulse.timer(a, b, now);
    else if (kind === HEAR) this.#pulse.hear(a, now);
    else if (kind === ANSWER) {
      const isolate = this.#isolates[this.#pulse.answer(a, now)]!;
      for (const request of isolate.waiting.splice(0)) this.#waited(request, isolate, now);
    } else if (kind === TIRED) this.#tired(a, this.#isolates[b]!, now);
    else if (kind === TRUST) this.#isolates[a]!.stand(now);
    else if (kind === SAMPLE) this.#sample(a, now);
    else this.#change(a);
  }

  #arrive(now: number): void {
    if (now >= this.#end) return;
    const { pods, slots, load, service, isolates } = this.#scene;
    const gap = (-Math.log(1 - this.#arrivals.fraction()) * service) / (pods * slots * load);
    this.#agenda.plan(now + gap, ARRIVE!, 0);
    const index = this.#from(isolates);
    const isolate = this.#isolates[index]!;
    const request = this.#requests.begin(index, now);
    this.#pulse.touch(index, now);
    if (now - isolate.share.at <= STALE) {
      this.#place(request, isolate, now);
      return;
    }
    this.#pulse.send(index, now);
    isolate.waiting.push(request);
    this.#agenda.plan(now + PATIENCE, TIRED!, request, index);
  }

  /** The isolate of the next request: of any zone alike, or more often of zone 0. Isolate i is in zone i mod zones. */
  #from(isolates: number): number {
    const { skew, zones } = this.#scene;
    const index = this.#arrivals.below(isolates);
    if (skew === undefined) return index;
    const zone = this.#arrivals.odds(skew) ? 0 : 1 + this.#arrivals.below(zones - 1);
    return Math.min(isolates - 1, index - (index % zones) + zone);
  }

  #tired(request: number, isolate: Isolate, now: number): void {
    const at = isolate.waiting.indexOf(request);
    if (at < 0) return;
    isolate.waiting.splice(at, 1);
    this.#waited(request, isolate, now);
  }

  #waited(request: number, isolate: Isolate, now: number): void {
    this.#notes.waited(now - isolate.share.at > STALE, now);
    this.#place(request, isolate, now);
  }

  #place(request: number, isolate: Isolate, now: number): void {
    const pod = this.#rule(isolate, this.#requests.isolate[request]!, this.#words.word(), now);
    if (pod < 0) {
      this.#notes.ended(this.#requests.arrived[request]!, true, now);
      this.#requests.end(request);
      return;
    }
    const { inflight, dead } = this.#servers;
    this.#requests.pod[request] = pod;
    isolate.take(pod, now);
    inflight[pod] = inflight[pod]! + 1;
    const hop = this.#hop(request, pod);
    this.#notes.placed(pod, this.#crosses(request, pod), now);
    if (dead[pod] === 1) this.#agenda.plan(now + REFUSED + hop, REFUSE!, request, pod);
    else if (hop > 0) this.#agenda.plan(now + hop, REACH!, request, pod);
    else this.#servers.arrive(request, pod, now);
  }

  #ended(request: number, pod: number, failed: boolean, now: number): void {
    const index = this.#requests.isolate[request]!;
    const { inflight } = this.#servers;
    inflight[pod] = inflight[pod]! - 1;
    this.#isolates[index]!.release(pod, failed, now);
    this.#notes.ended(this.#requests.arrived[request]!, failed, now + this.#hop(request, pod));
    this.#requests.end(request);
    this.#pulse.touch(index, now);
    if (failed) this.#pulse.failed(index, now);
  }

  #refused(request: number, pod: number, now: number): void {
    const index = this.#requests.isolate[request]!;
    this.#ended(request, pod, true, now);
    const isolate = this.#isolates[index]!;
    const given = this.#scene.suspicion;
    const lasts = given === "rule" ? suspicion(isolate.refused(pod), true) : given;
    if (lasts === 0) return;
    isolate.suspect(pod, now + lasts, now);
    this.#agenda.plan(now + lasts, TRUST!, index);
  }

  #crosses(request: number, pod: number): boolean {
    const { zones } = this.#scene;
    return pod % zones !== this.#requests.isolate[request]! % zones;
  }

  #hop(request: number, pod: number): number {
    return this.#scene.hop > 0 && this.#crosses(request, pod) ? this.#scene.hop : 0;
  }

  #sample(every: number, now: number): void {
    if (now >= this.#end) return;
    this.#notes.sample(this.#servers.inflight, this.#hub.total(now), now);
    this.#agenda.plan(now + every, SAMPLE!, every);
  }

  #change(index: number): void {
    const { pod, slowness, errors, dead } = this.#scene.changes[index]!;
    const servers = this.#servers;
    if (slowness !== undefined) servers.slowness[pod] = slowness;
    if (errors !== undefined) servers.errors[pod] = errors;
    if (dead !== undefined) servers.dead[pod] = dead ? 1 : 0;
  }
}
