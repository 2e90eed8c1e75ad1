-- What clients were seen to use, and when last: the evidence of lint. Empty ids and names stand
-- for the server itself, which looks since then.
CREATE TABLE client_sightings (
  client_id TEXT NOT NULL,
  trait TEXT NOT NULL,
  value TEXT NOT NULL,
  first_seen_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  PRIMARY KEY (client_id, trait, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX client_sightings_by_age ON client_sightings (last_seen_at);

-- Findings of lint that somebody accepts, and why.
CREATE TABLE silences (
  client_id TEXT NOT NULL,
  rule TEXT NOT NULL,
  target TEXT NOT NULL,
  version INTEGER NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (client_id, rule, target)
) STRICT, WITHOUT ROWID;

-- Changes of applications that lint proposed, which can be undone for a time.
CREATE TABLE mends (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  client_id TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  data TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX mends_of_client ON mends (client_id, id);
CREATE INDEX mends_by_expiry ON mends (expires_at);
