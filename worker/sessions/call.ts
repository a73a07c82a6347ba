const METHODS = ["create", "renew", "swap", "release", "index", "read", "expires", "count", "list"] as const;

/** What crosses the wire to a shard: a method of its table and the arguments. Answered by `{ result }` or `{ error }`. */
export interface ShardCall {
  readonly method: (typeof METHODS)[number];
  readonly args: readonly unknown[];
}

/** Parses the body of a request to a shard. Throws a TypeError or SyntaxError for anything that is no call. */
export function parseCall(text: string): ShardCall {
  const call: unknown = JSON.parse(text);
  if (typeof call !== "object" || call === null || !("method" in call) || !("args" in call)) {
    throw new TypeError("a call is { method, args }");
  }
  const method = METHODS.find((name) => name === call.method);
  if (method === undefined || !Array.isArray(call.args))
    throw new TypeError("no such method, or no arguments");
  // JSON has no undefined.
  return { method, args: call.args.map((arg: unknown) => arg ?? undefined) };
}
