/** What the coordinator keeps on its disk. Rows stay far below SQLite's limit here, so documents are cut into chunks. */
export const TABLES = `
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS revisions (revision INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS documents (
    revision INTEGER NOT NULL, part INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (revision, part)
  );
  CREATE TABLE IF NOT EXISTS departed (tag TEXT PRIMARY KEY, pool TEXT NOT NULL, id TEXT NOT NULL, until INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS flips (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, tag TEXT NOT NULL, at INTEGER NOT NULL, name TEXT NOT NULL,
    state TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS flips_of ON flips (tag, name, seq);
  CREATE TABLE IF NOT EXISTS operator (
    subject TEXT PRIMARY KEY, state TEXT NOT NULL, deadline INTEGER, since INTEGER NOT NULL, who TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS weights (
    pool TEXT PRIMARY KEY, weight INTEGER NOT NULL, since INTEGER NOT NULL, who TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS pod_weights (
    tag TEXT PRIMARY KEY, weight INTEGER NOT NULL, since INTEGER NOT NULL, who TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS feed (
    seq INTEGER PRIMARY KEY, sid TEXT NOT NULL UNIQUE, epoch INTEGER NOT NULL, target TEXT, cause TEXT NOT NULL,
    exp INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS counts (
    pool TEXT NOT NULL, outcome TEXT NOT NULL, code INTEGER NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (pool, outcome, code)
  );
  CREATE TABLE IF NOT EXISTS breaks (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, sid TEXT NOT NULL, epoch INTEGER NOT NULL, at INTEGER NOT NULL,
    pool TEXT NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL, cause TEXT NOT NULL,
    ended INTEGER NOT NULL, UNIQUE (sid, epoch, ended)
  );
  CREATE TABLE IF NOT EXISTS batches (isolate TEXT PRIMARY KEY, batch INTEGER NOT NULL, at INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS rebalances (
    pool TEXT PRIMARY KEY, state TEXT NOT NULL, rate INTEGER NOT NULL, target REAL NOT NULL, moved INTEGER NOT NULL,
    before REAL NOT NULL, since INTEGER NOT NULL, who TEXT NOT NULL, next INTEGER NOT NULL, why TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS rebalanced (
    pool TEXT NOT NULL, sid TEXT NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL, done INTEGER NOT NULL,
    PRIMARY KEY (pool, sid)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, who TEXT NOT NULL, client TEXT NOT NULL,
    method TEXT NOT NULL, path TEXT NOT NULL, status INTEGER, change TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS tallies (
    family TEXT NOT NULL, labels TEXT NOT NULL, value REAL NOT NULL, PRIMARY KEY (family, labels)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS causes (cause TEXT PRIMARY KEY, count INTEGER NOT NULL);
`;

/** Characters of a document in one row: at most 4 bytes each, below 2 MB. */
export const CHUNK = 500_000;
