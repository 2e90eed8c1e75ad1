-- Whom events are told to.
CREATE TABLE webhooks (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  organization_id TEXT REFERENCES organizations (id),
  state TEXT NOT NULL,
  data TEXT NOT NULL
) STRICT;
CREATE INDEX webhooks_of_organization ON webhooks (organization_id, id);
CREATE INDEX webhooks_by_state ON webhooks (state, id);

-- How far each of them was told, and how it goes. Whoever sends holds a lease.
CREATE TABLE webhook_cursors (
  webhook_id TEXT PRIMARY KEY,
  position INTEGER NOT NULL,
  lease INTEGER NOT NULL DEFAULT 0,
  leased_until INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER NOT NULL DEFAULT 0,
  first_failed_at INTEGER,
  failing_since INTEGER,
  last_error TEXT
) STRICT, WITHOUT ROWID;

-- What was sent, or is tried still, or was given up; kept for a while to be looked at.
CREATE TABLE webhook_deliveries (
  webhook_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  type TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  last_error TEXT,
  PRIMARY KEY (webhook_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (last_at);
CREATE INDEX webhook_deliveries_by_state ON webhook_deliveries (webhook_id, state, seq);

-- Lists of events.
CREATE INDEX IF NOT EXISTS events_of_organization ON events (organization_id, seq)
  WHERE organization_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS events_of_client ON events (client_id, seq)
  WHERE client_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS events_of_type ON events (type, seq) WHERE type
  NOT IN ('code.issued', 'code.redeemed', 'token.issued', 'token.refreshed', 'token.revoked');
-- Applications are found by client_id.
CREATE INDEX events_of_actor ON events (actor_id, seq)
  WHERE actor_id IS NOT NULL AND actor_type <> 'client';
CREATE INDEX events_of_session ON events (session_id, seq) WHERE session_id IS NOT NULL;
CREATE INDEX events_of_address ON events (ip, seq) WHERE ip <> '';
CREATE INDEX events_of_trace ON events (trace_id, seq) WHERE trace_id <> '';
CREATE INDEX events_of_failures ON events (seq) WHERE result = 'failure';
-- A type that is common in all, of an organization or application that has few; or the reverse.
CREATE INDEX events_of_organization_by_type ON events (organization_id, type, seq) WHERE type
  NOT IN ('code.issued', 'code.redeemed', 'token.issued', 'token.refreshed', 'token.revoked');
CREATE INDEX events_of_client_by_type ON events (client_id, type, seq) WHERE type
  NOT IN ('code.issued', 'code.redeemed', 'token.issued', 'token.refreshed', 'token.revoked');
