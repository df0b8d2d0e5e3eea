-- The log. Ids are never used twice, also where the newest events were removed: clients resume by them.
CREATE TABLE events (
  id   INTEGER PRIMARY KEY AUTOINCREMENT,
  task TEXT    NOT NULL,
  run  TEXT    NOT NULL,  -- empty in the task's own stream
  seq  INTEGER NOT NULL,
  time INTEGER NOT NULL,  -- milliseconds since 1970
  kind TEXT    NOT NULL,
  body TEXT    NOT NULL,  -- JSON object
  UNIQUE (task, run, seq)
) STRICT;

-- A cache: the fold of every task's events, in the order in which tasks were made.
CREATE TABLE tasks (
  ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
  id      TEXT    NOT NULL UNIQUE,
  active  INTEGER NOT NULL,
  folded  TEXT    NOT NULL
) STRICT;

CREATE INDEX active_tasks ON tasks (ordinal) WHERE active;

-- The last number that a pull request of the repository was given.
CREATE TABLE pull_request_numbers (
  repo   TEXT    PRIMARY KEY,
  number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What the file's reader must know about it: the version of the fold that made `tasks`.
CREATE TABLE meta (
  key   TEXT    PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
