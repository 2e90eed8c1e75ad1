-- Times are seconds since the Unix epoch. `data` holds, as JSON, the fields of a record
-- that no statement asks for by themselves.
--
-- Foreign keys stand where writes are rare: on configuration and users. Protocol records
-- are written with a precondition on their grant or session instead, and leave by expiry.

CREATE TABLE organizations (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  data TEXT NOT NULL
) STRICT;

CREATE TABLE projects (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  state TEXT NOT NULL,
  data TEXT NOT NULL
) STRICT;
CREATE INDEX projects_of_organization ON projects (organization_id, id);

CREATE TABLE apis (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  project_id TEXT NOT NULL REFERENCES projects (id),
  audience TEXT NOT NULL,
  state TEXT NOT NULL,
  data TEXT NOT NULL
) STRICT;
CREATE INDEX apis_of_organization ON apis (organization_id, id);
CREATE INDEX apis_of_project ON apis (project_id, id);
CREATE UNIQUE INDEX apis_by_audience ON apis (audience) WHERE state <> 'deleted';

CREATE TABLE clients (
  client_id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  kind TEXT NOT NULL,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  project_id TEXT REFERENCES projects (id),
  state TEXT NOT NULL,
  data TEXT NOT NULL
) STRICT;
CREATE INDEX clients_of_organization ON clients (organization_id, client_id);
CREATE INDEX clients_of_project ON clients (project_id, client_id);

-- Which web pages may call protocol endpoints, kept in step with the clients that say so.
CREATE TABLE web_origins (
  origin TEXT NOT NULL,
  client_id TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
  PRIMARY KEY (origin, client_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX web_origins_of_client ON web_origins (client_id);
CREATE TRIGGER web_origins_of_new_client AFTER INSERT ON clients WHEN NEW.state = 'active'
BEGIN
  INSERT OR IGNORE INTO web_origins (origin, client_id)
    SELECT value, NEW.client_id FROM json_each(NEW.data, '$.web_origins');
END;
CREATE TRIGGER web_origins_of_changed_client AFTER UPDATE OF state, data ON clients
BEGIN
  DELETE FROM web_origins WHERE client_id = NEW.client_id;
  INSERT OR IGNORE INTO web_origins (origin, client_id)
    SELECT value, NEW.client_id FROM json_each(NEW.data, '$.web_origins')
    WHERE NEW.state = 'active';
END;

CREATE TABLE users (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  username TEXT NOT NULL,
  state TEXT NOT NULL,
  data TEXT NOT NULL
) STRICT;
CREATE INDEX users_of_organization ON users (organization_id, id);

CREATE TABLE login_names (
  name TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX login_names_of_user ON login_names (user_id);

-- `user_id` may be that of a service account, which is a client.
CREATE TABLE role_assignments (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  project_id TEXT NOT NULL REFERENCES projects (id),
  user_id TEXT NOT NULL,
  data TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX role_assignments_of_user ON role_assignments (user_id, project_id);
CREATE INDEX role_assignments_of_project ON role_assignments (project_id, id);
CREATE INDEX role_assignments_of_organization ON role_assignments (organization_id, id);

CREATE TABLE configuration (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  data TEXT NOT NULL
) STRICT;

-- Rises with every change of the tables that processes keep in memory.
CREATE TABLE configuration_version (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  version INTEGER NOT NULL
) STRICT;
INSERT INTO configuration_version (id, version) VALUES (1, 1);

CREATE TABLE signing_keys (
  kid TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  alg TEXT NOT NULL,
  state TEXT NOT NULL,
  private_sealed BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  data TEXT NOT NULL
) STRICT;

CREATE TABLE instance_keys (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  purpose TEXT NOT NULL,
  key_version INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (purpose, key_version)
) STRICT;

CREATE TABLE setup_tokens (
  digest BLOB PRIMARY KEY,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  consumed_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX setup_tokens_by_expiry ON setup_tokens (expires_at);

CREATE TABLE browsers (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  digest BLOB NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX browsers_by_expiry ON browsers (expires_at);

CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  browser_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  last_seen_at INTEGER NOT NULL,
  idle_expires_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER,
  revoked_reason TEXT,
  data TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_of_browser ON sessions (browser_id);
CREATE INDEX sessions_of_user ON sessions (user_id, id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE grants (
  id TEXT PRIMARY KEY,
  client_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  offline INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER,
  revoked_reason TEXT,
  data TEXT NOT NULL
) STRICT;
CREATE INDEX grants_of_session ON grants (session_id);
CREATE INDEX grants_of_user ON grants (user_id, id);
CREATE INDEX grants_by_expiry ON grants (expires_at);

CREATE TABLE consents (
  user_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  granted_at INTEGER NOT NULL,
  revoked_at INTEGER,
  data TEXT NOT NULL,
  PRIMARY KEY (user_id, client_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE interactions (
  digest BLOB PRIMARY KEY,
  version INTEGER NOT NULL,
  browser_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  peer TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  consumed_at INTEGER,
  data TEXT NOT NULL
) STRICT;
CREATE INDEX interactions_by_expiry ON interactions (expires_at);
CREATE INDEX interactions_waiting ON interactions (expires_at) WHERE consumed_at IS NULL;
CREATE INDEX interactions_of_peer ON interactions (peer, expires_at) WHERE consumed_at IS NULL;

CREATE TABLE authorization_codes (
  digest BLOB PRIMARY KEY,
  grant_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  consumed_at INTEGER,
  data TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX authorization_codes_by_expiry ON authorization_codes (expires_at);

CREATE TABLE refresh_families (
  id BLOB PRIMARY KEY,
  version INTEGER NOT NULL,
  grant_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  generation INTEGER NOT NULL,
  key_version INTEGER NOT NULL,
  rotated_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  idle_expires_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_families_by_expiry ON refresh_families (expires_at);

CREATE TABLE access_tokens (
  digest BLOB PRIMARY KEY,
  grant_id TEXT,
  client_id TEXT NOT NULL,
  issued_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER,
  data TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX access_tokens_by_expiry ON access_tokens (expires_at);

CREATE TABLE counters (
  key TEXT PRIMARY KEY,
  count INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX counters_by_expiry ON counters (expires_at);

-- Values that may be used once, such as a `jti`.
CREATE TABLE burnt_values (
  scope TEXT NOT NULL,
  value BLOB NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (scope, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX burnt_values_by_expiry ON burnt_values (expires_at);

-- The audit trail. Positions rise and are not used again: the last event is never purged.
CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  type TEXT NOT NULL,
  at INTEGER NOT NULL,
  result TEXT NOT NULL,
  reason TEXT,
  actor_type TEXT NOT NULL,
  actor_id TEXT,
  user_id TEXT,
  client_id TEXT,
  organization_id TEXT,
  session_id TEXT,
  grant_id TEXT,
  target TEXT,
  ip TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  trace_id TEXT NOT NULL,
  details TEXT
) STRICT;
CREATE INDEX events_of_user ON events (user_id, seq) WHERE user_id IS NOT NULL;

-- Up to which position the short-lived events were purged already.
CREATE TABLE events_purged (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  seq INTEGER NOT NULL
) STRICT;
INSERT INTO events_purged (id, seq) VALUES (1, 0);

-- AUTOINCREMENT: the id of a message is its idempotency key, and must not come again.
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  topic TEXT NOT NULL,
  payload TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  last_error TEXT
) STRICT;
CREATE INDEX outbox_by_due ON outbox (due_at, id);

-- Written by the health check, to know that writing works.
CREATE TABLE last_check (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  checked_at INTEGER NOT NULL
) STRICT;
INSERT INTO last_check (id, checked_at) VALUES (1, 0);
