/** The most that native config has for one side of a split. */
const MOST = 1_000_000;

/**
 * `split` of a native route. Weights of one pool are summed, and Istio's go to 2^31: what is past the bound is brought within
 * it with all others, and none of them becomes 0.
 */
export function sharesOf(
  sides: readonly { readonly pool: { readonly name: string }; readonly weight: number }[],
): Record<string, number> {
  const most = Math.max(MOST, ...sides.map(({ weight }) => weight));
  return Object.fromEntries(
    sides.map(({ pool, weight }) => [
      pool.name,
      weight === 0 ? 0 : Math.max(1, Math.round((weight * MOST) / most)),
    ]),
  );
}
