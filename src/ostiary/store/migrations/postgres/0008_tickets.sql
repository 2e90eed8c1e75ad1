-- What mailed links and codes stand for; the digest is that of a link's secret.
CREATE TABLE tickets (
  digest bytea PRIMARY KEY,
  id text COLLATE "C" NOT NULL,
  purpose text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  organization_id text COLLATE "C" NOT NULL,
  flow bytea,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  consumed_at bigint,
  data json NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE UNIQUE INDEX tickets_by_id ON tickets (id);
CREATE INDEX tickets_by_user ON tickets (user_id, purpose, id);
CREATE INDEX tickets_by_flow ON tickets (flow, purpose, id) WHERE flow IS NOT NULL;
CREATE INDEX tickets_by_organization ON tickets (organization_id, purpose, id);
CREATE INDEX tickets_by_expiry ON tickets (expires_at);
