const one = (args: readonly string[]) => args.slice(0, 1);
const all = (args: readonly string[]) => [...args];
/** EVAL script numkeys key…: any script may write. */
const declared = (args: readonly string[]) => args.slice(2, 2 + Number(args[1] ?? 0));

const WRITES: Record<string, (args: readonly string[]) => string[]> = {
  ...Object.fromEntries(
    (
      "SET SETEX PSETEX SETNX GETSET GETEX GETDEL APPEND INCR INCRBY DECR DECRBY EXPIRE PEXPIRE EXPIREAT PEXPIREAT PERSIST " +
      "ZADD ZINCRBY ZREM ZREMRANGEBYSCORE HSET HDEL HINCRBY SADD SREM LPUSH RPUSH LPOP RPOP"
    )
      .split(" ")
      .map((name) => [name, one]),
  ),
  DEL: all,
  UNLINK: all,
  EVAL: declared,
  EVALSHA: declared,
};
const READS = new Set([
  "GET",
  "GETEX",
  "MGET",
  "EXISTS",
  "TTL",
  "PTTL",
  "ZCOUNT",
  "ZRANGE",
  "ZSCORE",
  "ZCARD",
]);

/** The keys that a command may write. */
export function written([name = "", ...args]: readonly string[]): string[] {
  return WRITES[name]?.(args) ?? [];
}

/** The name of a command and the keys that it reads, as one text; undefined for what reads nothing. GETEX does both. */
export function readOf([name = "", ...args]: readonly string[], scripts: boolean): string | undefined {
  if (READS.has(name)) return JSON.stringify([name, ...(name === "MGET" ? all(args) : one(args))]);
  if (!scripts || (name !== "EVAL" && name !== "EVALSHA")) return undefined;
  return JSON.stringify(["EVAL", ...declared(args)]);
}
