-- Devices that wait for a person to sign in elsewhere (RFC 8628).
CREATE TABLE device_codes (
  digest BLOB PRIMARY KEY,
  version INTEGER NOT NULL,
  user_code TEXT NOT NULL,
  client_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  consumed_at INTEGER,
  data TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX device_codes_by_expiry ON device_codes (expires_at);
CREATE INDEX device_codes_by_user_code ON device_codes (user_code);
