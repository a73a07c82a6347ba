interface NativePod {
  readonly id?: unknown;
}
interface Native {
  readonly pools?: Readonly<Record<string, { readonly pods?: readonly NativePod[] }>>;
  readonly routes?: readonly unknown[];
}

/** What differs between two native configs, a line for each pool, and one for routes and all else. */
export function changes(before: unknown, after: unknown): string[] {
  const [old, now] = [before ?? {}, after ?? {}] as [Native, Native];
  const names = [...new Set([...Object.keys(old.pools ?? {}), ...Object.keys(now.pools ?? {})])].sort();
  const lines = names.flatMap((name) => {
    const [was, is] = [old.pools?.[name], now.pools?.[name]];
    if (was === undefined) return [`+ pool ${name}: ${(is?.pods ?? []).length} pods`];
    if (is === undefined) return [`- pool ${name}`];
    const parts = [...podChanges(was.pods ?? [], is.pods ?? [])];
    if (JSON.stringify({ ...was, pods: 0 }) !== JSON.stringify({ ...is, pods: 0 }))
      parts.push("other settings");
    return parts.length === 0 ? [] : [`pool ${name}: ${parts.join(", ")}`];
  });
  const [was, is] = [old.routes ?? [], now.routes ?? []];
  const gone = missing(was, is);
  const come = missing(is, was);
  if (gone + come > 0) lines.push(`routes: ${come} new, ${gone} gone`);
  const rest = (native: Native) => JSON.stringify({ ...native, pools: 0, routes: 0 });
  if (rest(old) !== rest(now)) lines.push("other settings");
  return lines;
}

function podChanges(was: readonly NativePod[], is: readonly NativePod[]): string[] {
  const [old, now] = [was, is].map((pods) => new Map(pods.map((pod) => [pod.id, JSON.stringify(pod)]))) as [
    Map<unknown, string>,
    Map<unknown, string>,
  ];
  return [
    ...[...now.keys()].filter((id) => !old.has(id)).map((id) => `+ ${id}`),
    ...[...old.keys()].filter((id) => !now.has(id)).map((id) => `- ${id}`),
    ...[...now].filter(([id, text]) => old.has(id) && old.get(id) !== text).map(([id]) => `~ ${id}`),
  ];
}

function missing(these: readonly unknown[], those: readonly unknown[]): number {
  const there = new Set(those.map((value) => JSON.stringify(value)));
  return these.filter((value) => !there.has(JSON.stringify(value))).length;
}
