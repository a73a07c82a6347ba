/** The requests that are under way, by small numbers that are used again. */
export class Requests {
  isolate = new Int32Array(1024);
  pod = new Int32Array(1024);
  arrived = new Float64Array(1024);
  /** How many are under way. */
  open = 0;
  readonly #free: number[] = [];
  #next = 0;

  begin(isolate: number, now: number): number {
    const request = this.#free.pop() ?? this.#fresh();
    this.isolate[request] = isolate;
    this.pod[request] = -1;
    this.arrived[request] = now;
    this.open++;
    return request;
  }

  end(request: number): void {
    this.#free.push(request);
    this.open--;
  }

  #fresh(): number {
    if (this.#next === this.pod.length) {
      const [isolate, pod, arrived] = [this.isolate, this.pod, this.arrived];
      this.isolate = new Int32Array(this.#next * 2);
      this.pod = new Int32Array(this.#next * 2);
      this.arrived = new Float64Array(this.#next * 2);
      this.isolate.set(isolate);
      this.pod.set(pod);
      this.arrived.set(arrived);
    }
    return this.#next++;
  }
}
