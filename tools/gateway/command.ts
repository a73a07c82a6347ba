/** A Redis command: its name and arguments. */
export type Command = readonly [name: string, ...args: string[]];

/** A request that the gateway refuses, with the HTTP status to say so. */
export class BadRequest extends Error {
  override readonly name = "BadRequest";
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

/** Commands that change or block the connection that all clients share, or the server itself. */
const REFUSED = new Set(
  (
    "AUTH HELLO SELECT QUIT RESET CLIENT MULTI EXEC DISCARD WATCH UNWATCH MONITOR SYNC PSYNC REPLCONF SHUTDOWN DEBUG " +
    "FAILOVER REPLICAOF SLAVEOF SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE WAIT WAITAOF " +
    "BLPOP BRPOP BRPOPLPUSH BLMOVE BLMPOP BZPOPMIN BZPOPMAX BZMPOP ASKING READONLY READWRITE"
  ).split(" "),
);

/** Parses one command: a JSON array of strings, numbers and booleans. Throws BadRequest. */
export function parseCommand(value: unknown): Command {
  if (!Array.isArray(value) || value.length === 0) {
    throw new BadRequest('ERR a command is a JSON array: ["SET", "key", "value"]');
  }
  const words = value.map((word: unknown) => {
    if (typeof word === "string") return word;
    if (typeof word === "number" || typeof word === "boolean") return String(word);
    throw new BadRequest("ERR the parts of a command are strings, numbers or booleans");
  });
  const [name = "", ...args] = words;
  const upper = name.toUpperCase();
  if (!/^[A-Z][A-Z0-9._-]*$/.test(upper)) throw new BadRequest("ERR a command begins with its name");
  if (REFUSED.has(upper)) throw new BadRequest(`ERR ${upper} cannot be sent over REST`);
  const blocks = (upper === "XREAD" || upper === "XREADGROUP") && args.some((arg) => /^block$/i.test(arg));
  if (blocks) throw new BadRequest(`ERR ${upper} with BLOCK cannot be sent over REST`);
  // Upper case also keeps the Redis client from reshaping answers by the name, as it does for hgetall.
  return [upper, ...args];
}

/** At most so many commands in one request. */
const MOST = 10_000;

/** Parses a pipeline or a transaction: a JSON array of commands. Throws BadRequest. */
export function parseCommands(value: unknown): Command[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new BadRequest('ERR a pipeline is a JSON array of commands: [["PING"], ["GET", "key"]]');
  }
  if (value.length > MOST) throw new BadRequest(`ERR at most ${MOST} commands in one request`, 413);
  return value.map(parseCommand);
}

/** The path form: `/set/key/value?EX=100`; a body becomes the last argument before those of the query. Throws BadRequest. */
export function parsePath(path: string, query: URLSearchParams, body: string): Command {
  let words: string[];
  try {
    words = path.slice(1).split("/").map(decodeURIComponent);
  } catch (error) {
    throw new BadRequest(`ERR the path does not decode: ${String(error)}`);
  }
  if (body !== "") words.push(body);
  for (const [name, value] of query) words.push(name, ...(value === "" ? [] : [value]));
  return parseCommand(words);
}
