-- Authorization requests that clients sent ahead (RFC 9126).
CREATE TABLE pushed_requests (
  digest bytea PRIMARY KEY,
  client_id text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  consumed_at bigint,
  data json NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX pushed_requests_by_expiry ON pushed_requests (expires_at);
