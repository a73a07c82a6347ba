/** What happens next: a binary heap over typed arrays, so that a million events cost no garbage. */
export class Agenda {
  /** Of the event that was taken last. */
  time = 0;
  kind = 0;
  a = 0;
  b = 0;
  #size = 0;
  #times = new Float64Array(1024);
  /** Kind, a, b of each event, and its place in the order of planning, which decides among events of one moment. */
  #rest = new Int32Array(4096);
  #seq = 0;

  /** Plans an event of this kind about (a, b). */
  plan(time: number, kind: number, a: number, b = 0): void {
    if (this.#size === this.#times.length) this.#grow();
    let at = this.#size++;
    const seq = this.#seq++ | 0;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#times[parent]! <= time) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#set(at, time, kind, a, b, seq);
  }

  /** Takes the next event, if there is one until `until`. */
  next(until: number): boolean {
    if (this.#size === 0 || this.#times[0]! > until) return false;
    const rest = this.#rest;
    this.time = this.#times[0]!;
    [this.kind, this.a, this.b] = [rest[0]!, rest[1]!, rest[2]!];
    const last = --this.#size;
    if (last > 0) this.#sink(last);
    return true;
  }

  #sink(last: number): void {
    const time = this.#times[last]!;
    const seq = this.#rest[last * 4 + 3]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= last) break;
      if (child + 1 < last && this.#before(child + 1, this.#times[child]!, this.#rest[child * 4 + 3]!))
        child++;
      if (!this.#before(child, time, seq)) break;
      this.#move(child, at);
      at = child;
    }
    this.#move(last, at);
  }

  #before(i: number, time: number, seq: number): boolean {
    const own = this.#times[i]!;
    return own < time || (own === time && this.#rest[i * 4 + 3]! < seq);
  }

  #move(from: number, to: number): void {
    this.#times[to] = this.#times[from]!;
    this.#rest.copyWithin(to * 4, from * 4, from * 4 + 4);
  }

  #set(at: number, time: number, kind: number, a: number, b: number, seq: number): void {
    this.#times[at] = time;
    const rest = this.#rest;
    rest[at * 4] = kind;
    rest[at * 4 + 1] = a;
    rest[at * 4 + 2] = b;
    rest[at * 4 + 3] = seq;
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2);
    times.set(this.#times);
    const rest = new Int32Array(this.#rest.length * 2);
    rest.set(this.#rest);
    [this.#times, this.#rest] = [times, rest];
  }
}
