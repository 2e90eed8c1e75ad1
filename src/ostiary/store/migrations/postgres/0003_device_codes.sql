-- Devices that wait for a person to sign in elsewhere (RFC 8628).
CREATE TABLE device_codes (
  digest bytea PRIMARY KEY,
  version bigint NOT NULL,
  user_code text COLLATE "C" NOT NULL,
  client_id text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  consumed_at bigint,
  data json NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX device_codes_by_expiry ON device_codes (expires_at);
CREATE INDEX device_codes_by_user_code ON device_codes (user_code);
