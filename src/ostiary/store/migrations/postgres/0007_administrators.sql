-- Who administers what. `user_id` may be that of a service account, which is a client.
CREATE TABLE administrators (
  id text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  role text COLLATE "C" NOT NULL,
  organization_id text COLLATE "C" REFERENCES organizations (id),
  project_id text COLLATE "C" REFERENCES projects (id),
  data json NOT NULL
);
CREATE UNIQUE INDEX administrators_of_user
  ON administrators (user_id, role, coalesce(organization_id, ''), coalesce(project_id, ''));
CREATE INDEX administrators_of_organization ON administrators (organization_id, id);
CREATE INDEX administrators_of_project ON administrators (project_id, id);

-- Answers to requests of the management API that may be sent again.
CREATE TABLE kept_answers (
  digest bytea PRIMARY KEY,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  data json NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX kept_answers_by_expiry ON kept_answers (expires_at);
