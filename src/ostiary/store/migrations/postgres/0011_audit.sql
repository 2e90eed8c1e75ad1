-- Whom events are told to.
CREATE TABLE webhooks (
  id text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  organization_id text COLLATE "C" REFERENCES organizations (id),
  state text NOT NULL,
  data json NOT NULL
);
CREATE INDEX webhooks_of_organization ON webhooks (organization_id, id);
CREATE INDEX webhooks_by_state ON webhooks (state, id);

-- How far each of them was told, and how it goes. Whoever sends holds a lease.
CREATE TABLE webhook_cursors (
  webhook_id text COLLATE "C" PRIMARY KEY,
  position bigint NOT NULL,
  lease bigint NOT NULL DEFAULT 0,
  leased_until bigint NOT NULL DEFAULT 0,
  attempts bigint NOT NULL DEFAULT 0,
  due_at bigint NOT NULL DEFAULT 0,
  first_failed_at bigint,
  failing_since bigint,
  last_error text
);

-- What was sent, or is tried still, or was given up; kept for a while to be looked at.
CREATE TABLE webhook_deliveries (
  webhook_id text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  type text NOT NULL,
  state text NOT NULL,
  attempts bigint NOT NULL,
  first_at bigint NOT NULL,
  last_at bigint NOT NULL,
  last_error text,
  PRIMARY KEY (webhook_id, seq)
);
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
