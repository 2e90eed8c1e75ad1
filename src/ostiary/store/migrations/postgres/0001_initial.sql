-- Times are seconds since the Unix epoch. `data` holds, as JSON, the fields of a record
-- that no statement asks for by themselves.
--
-- Foreign keys stand where writes are rare: on configuration and users. Protocol records
-- are written with a precondition on their grant or session instead, and leave by expiry.
--
-- Identifiers compare by bytes (collation "C"), so that lists are in the same order on
-- every engine. Tables whose rows change often leave room on their pages, so that a change
-- needs no new index entry, and are vacuumed early.

CREATE TABLE organizations (
  id text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  state text NOT NULL,
  data json NOT NULL
);

CREATE TABLE projects (
  id text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  organization_id text COLLATE "C" NOT NULL REFERENCES organizations (id),
  state text NOT NULL,
  data json NOT NULL
);
CREATE INDEX projects_of_organization ON projects (organization_id, id);

CREATE TABLE apis (
  id text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  organization_id text COLLATE "C" NOT NULL REFERENCES organizations (id),
  project_id text COLLATE "C" NOT NULL REFERENCES projects (id),
  audience text COLLATE "C" NOT NULL,
  state text NOT NULL,
  data json NOT NULL
);
CREATE INDEX apis_of_organization ON apis (organization_id, id);
CREATE INDEX apis_of_project ON apis (project_id, id);
CREATE UNIQUE INDEX apis_by_audience ON apis (audience) WHERE state <> 'deleted';

CREATE TABLE clients (
  client_id text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  kind text NOT NULL,
  organization_id text COLLATE "C" NOT NULL REFERENCES organizations (id),
  project_id text COLLATE "C" REFERENCES projects (id),
  state text NOT NULL,
  data json NOT NULL
);
CREATE INDEX clients_of_organization ON clients (organization_id, client_id);
CREATE INDEX clients_of_project ON clients (project_id, client_id);

-- Which web pages may call protocol endpoints, kept in step with the clients that say so.
CREATE TABLE web_origins (
  origin text COLLATE "C" NOT NULL,
  client_id text COLLATE "C" NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
  PRIMARY KEY (origin, client_id)
);
CREATE INDEX web_origins_of_client ON web_origins (client_id);
CREATE FUNCTION list_web_origins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM web_origins WHERE client_id = NEW.client_id;
  INSERT INTO web_origins (origin, client_id)
    SELECT origin, NEW.client_id
    -- A NUL, which JSON may name and text may not hold, is no part of an origin.
    FROM json_array_elements_text(
      replace(NEW.data::text, '\u0000', '\u0001')::json -> 'web_origins'
    ) AS origin
    WHERE NEW.state = 'active'
    ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$$;
CREATE TRIGGER web_origins_of_client AFTER INSERT OR UPDATE OF state, data ON clients
  FOR EACH ROW EXECUTE FUNCTION list_web_origins();

CREATE TABLE users (
  id text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  organization_id text COLLATE "C" NOT NULL REFERENCES organizations (id),
  username text NOT NULL,
  state text NOT NULL,
  data json NOT NULL
);
CREATE INDEX users_of_organization ON users (organization_id, id);

CREATE TABLE login_names (
  name text COLLATE "C" PRIMARY KEY,
  user_id text COLLATE "C" NOT NULL REFERENCES users (id)
);
CREATE INDEX login_names_of_user ON login_names (user_id);

-- `user_id` may be that of a service account, which is a client.
CREATE TABLE role_assignments (
  id text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  organization_id text COLLATE "C" NOT NULL REFERENCES organizations (id),
  project_id text COLLATE "C" NOT NULL REFERENCES projects (id),
  user_id text COLLATE "C" NOT NULL,
  data json NOT NULL
);
CREATE UNIQUE INDEX role_assignments_of_user ON role_assignments (user_id, project_id);
CREATE INDEX role_assignments_of_project ON role_assignments (project_id, id);
CREATE INDEX role_assignments_of_organization ON role_assignments (organization_id, id);

CREATE TABLE configuration (
  id text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  data json NOT NULL
);

-- Rises with every change of the tables that processes keep in memory.
CREATE TABLE configuration_version (
  id bigint PRIMARY KEY CHECK (id = 1),
  version bigint NOT NULL
);
INSERT INTO configuration_version (id, version) VALUES (1, 1);

CREATE TABLE signing_keys (
  kid text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  alg text NOT NULL,
  state text NOT NULL,
  private_sealed bytea NOT NULL,
  created_at bigint NOT NULL,
  data json NOT NULL
);

CREATE TABLE instance_keys (
  id text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  purpose text COLLATE "C" NOT NULL,
  key_version bigint NOT NULL,
  sealed bytea NOT NULL,
  created_at bigint NOT NULL,
  UNIQUE (purpose, key_version)
);

CREATE TABLE setup_tokens (
  digest bytea PRIMARY KEY,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  consumed_at bigint
);
CREATE INDEX setup_tokens_by_expiry ON setup_tokens (expires_at);

CREATE TABLE browsers (
  id text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  digest bytea NOT NULL UNIQUE,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX browsers_by_expiry ON browsers (expires_at);

CREATE TABLE sessions (
  id text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  browser_id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  last_seen_at bigint NOT NULL,
  idle_expires_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  revoked_at bigint,
  revoked_reason text,
  data json NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX sessions_of_browser ON sessions (browser_id);
CREATE INDEX sessions_of_user ON sessions (user_id, id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE grants (
  id text COLLATE "C" PRIMARY KEY,
  client_id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  offline boolean NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  revoked_at bigint,
  revoked_reason text,
  data json NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX grants_of_session ON grants (session_id);
CREATE INDEX grants_of_user ON grants (user_id, id);
CREATE INDEX grants_by_expiry ON grants (expires_at);

CREATE TABLE consents (
  user_id text COLLATE "C" NOT NULL,
  client_id text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  granted_at bigint NOT NULL,
  revoked_at bigint,
  data json NOT NULL,
  PRIMARY KEY (user_id, client_id)
);

CREATE TABLE interactions (
  digest bytea PRIMARY KEY,
  version bigint NOT NULL,
  browser_id text COLLATE "C" NOT NULL,
  client_id text COLLATE "C" NOT NULL,
  peer text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  consumed_at bigint,
  data json NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX interactions_by_expiry ON interactions (expires_at);
CREATE INDEX interactions_waiting ON interactions (expires_at) WHERE consumed_at IS NULL;
CREATE INDEX interactions_of_peer ON interactions (peer, expires_at) WHERE consumed_at IS NULL;

CREATE TABLE authorization_codes (
  digest bytea PRIMARY KEY,
  grant_id text COLLATE "C" NOT NULL,
  client_id text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  consumed_at bigint,
  data json NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX authorization_codes_by_expiry ON authorization_codes (expires_at);

CREATE TABLE refresh_families (
  id bytea PRIMARY KEY,
  version bigint NOT NULL,
  grant_id text COLLATE "C" NOT NULL,
  client_id text COLLATE "C" NOT NULL,
  generation bigint NOT NULL,
  key_version bigint NOT NULL,
  rotated_at bigint NOT NULL,
  created_at bigint NOT NULL,
  idle_expires_at bigint NOT NULL,
  expires_at bigint NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX refresh_families_by_expiry ON refresh_families (expires_at);

CREATE TABLE access_tokens (
  digest bytea PRIMARY KEY,
  grant_id text COLLATE "C",
  client_id text COLLATE "C" NOT NULL,
  issued_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  revoked_at bigint,
  data json NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX access_tokens_by_expiry ON access_tokens (expires_at);

CREATE TABLE counters (
  key text COLLATE "C" PRIMARY KEY,
  count bigint NOT NULL,
  last_at bigint NOT NULL,
  expires_at bigint NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX counters_by_expiry ON counters (expires_at);

-- Values that may be used once, such as a `jti`.
CREATE TABLE burnt_values (
  scope text COLLATE "C" NOT NULL,
  value bytea NOT NULL,
  expires_at bigint NOT NULL,
  PRIMARY KEY (scope, value)
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX burnt_values_by_expiry ON burnt_values (expires_at);

-- The audit trail. Positions rise; those of transactions that were undone stay empty.
CREATE TABLE events (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  type text NOT NULL,
  at bigint NOT NULL,
  result text NOT NULL,
  reason text,
  actor_type text NOT NULL,
  actor_id text,
  user_id text COLLATE "C",
  client_id text,
  organization_id text,
  session_id text,
  grant_id text,
  target text,
  ip text NOT NULL,
  user_agent text NOT NULL,
  trace_id text NOT NULL,
  details json
);
CREATE INDEX events_of_user ON events (user_id, seq) WHERE user_id IS NOT NULL;

-- Up to which position the short-lived events were purged already.
CREATE TABLE events_purged (
  id bigint PRIMARY KEY CHECK (id = 1),
  seq bigint NOT NULL
);
INSERT INTO events_purged (id, seq) VALUES (1, 0);

-- The id of a message is its idempotency key.
CREATE TABLE outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic text NOT NULL,
  payload json NOT NULL,
  created_at bigint NOT NULL,
  due_at bigint NOT NULL,
  attempts bigint NOT NULL DEFAULT 0,
  last_error text
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX outbox_by_due ON outbox (due_at, id);

-- Written by the health check, to know that writing works.
CREATE TABLE last_check (
  id bigint PRIMARY KEY CHECK (id = 1),
  checked_at bigint NOT NULL
);
INSERT INTO last_check (id, checked_at) VALUES (1, 0);
