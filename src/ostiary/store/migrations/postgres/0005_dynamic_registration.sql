-- Initial access tokens, with which applications may register themselves (RFC 7591).
CREATE TABLE registration_tokens (
  id text COLLATE "C" PRIMARY KEY,
  digest bytea NOT NULL UNIQUE,
  created_at bigint NOT NULL,
  expires_at bigint,
  uses bigint
);
CREATE INDEX registration_tokens_by_expiry ON registration_tokens (expires_at);

-- Applications that registered themselves, and have no token yet: they leave in the end.
CREATE TABLE unused_clients (
  client_id text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  created_at bigint NOT NULL
);
CREATE INDEX unused_clients_by_age ON unused_clients (created_at);
