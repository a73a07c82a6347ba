/** Something that will happen. Cancelled when `run` is undefined. */
interface Event {
  readonly time: number;
  readonly seq: number;
  run: (() => void) | undefined;
}

/**
 * Virtual time: what was planned happens in order of (time, seq), and between two events every microtask ends. Nothing in
 * a simulated world waits for anything but its own promises, so one turn of setImmediate (1 µs) drains them all.
 */
export class Loop {
  /** Milliseconds since the epoch, fractions included. */
  now: number;
  /** Events that happened. */
  steps = 0;
  /** Set to end the run with the event that is happening. */
  halted = false;
  #seq = 0;
  readonly #heap: Event[] = [];

  constructor(start: number) {
    this.now = start;
  }

  /** Plans `run` in `ms`; the answer cancels. */
  after(ms: number, run: () => void): () => void {
    const event: Event = { time: this.now + Math.max(0, ms), seq: this.#seq++, run };
    this.#push(event);
    return () => {
      event.run = undefined;
    };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Runs until `time`, or until nothing is planned. Rejects with what an event threw. */
  run(time: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = () => {
        try {
          const event = this.halted ? undefined : this.#next(time);
          if (event === undefined) {
            if (!this.halted) this.now = time;
            resolve();
            return;
          }
          this.now = event.time;
          this.steps++;
          event.run!();
        } catch (error) {
          reject(error);
          return;
        }
        setImmediate(step);
      };
      setImmediate(step);
    });
  }

  #next(until: number): Event | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.time > until) return undefined;
      this.#pop();
      if (first.run !== undefined) return first;
    }
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(event, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function before(a: Event, b: Event): boolean {
  return a.time < b.time || (a.time === b.time && a.seq < b.seq);
}
