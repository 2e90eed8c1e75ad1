-- Initial access tokens, with which applications may register themselves (RFC 7591).
CREATE TABLE registration_tokens (
  id TEXT PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  uses INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX registration_tokens_by_expiry ON registration_tokens (expires_at);

-- Applications that registered themselves, and have no token yet: they leave in the end.
CREATE TABLE unused_clients (
  client_id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX unused_clients_by_age ON unused_clients (created_at);
