-- What mailed links and codes stand for; the digest is that of a link's secret.
CREATE TABLE tickets (
  digest BLOB PRIMARY KEY,
  id TEXT NOT NULL,
  purpose TEXT NOT NULL,
  user_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  flow BLOB,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  consumed_at INTEGER,
  data TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX tickets_by_id ON tickets (id);
CREATE INDEX tickets_by_user ON tickets (user_id, purpose, id);
CREATE INDEX tickets_by_flow ON tickets (flow, purpose, id) WHERE flow IS NOT NULL;
CREATE INDEX tickets_by_organization ON tickets (organization_id, purpose, id);
CREATE INDEX tickets_by_expiry ON tickets (expires_at);
