/** A pod as Envoy knows it: by its address. */
export const host = (address: string, weight = 1) => ({ id: address, address, weight });
export const hosts = (count: number, weight: (i: number) => number = () => 1) =>
  Array.from({ length: count }, (_, i) => host(`10.0.${i >> 8}.${i & 255}:8080`, weight(i)));
/** As in Envoy's own tests: one address, and ports from 90 on. */
export const local = (...weights: readonly number[]) =>
  weights.map((weight, i) => host(`127.0.0.1:${90 + i}`, weight));
