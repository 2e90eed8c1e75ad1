-- What people prove who they are with besides a password, and devices that they trust.
CREATE TABLE factors (
  id text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  user_id text COLLATE "C" NOT NULL REFERENCES users (id),
  kind text COLLATE "C" NOT NULL,
  data json NOT NULL
);
CREATE INDEX factors_of_user ON factors (user_id, id);

CREATE TABLE trusted_devices (
  id text COLLATE "C" PRIMARY KEY,
  user_id text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  data json NOT NULL
);
CREATE INDEX trusted_devices_of_user ON trusted_devices (user_id, id);
CREATE INDEX trusted_devices_by_expiry ON trusted_devices (expires_at);
