-- Who administers what. `user_id` may be that of a service account, which is a client.
CREATE TABLE administrators (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  user_id TEXT NOT NULL,
  role TEXT NOT NULL,
  organization_id TEXT REFERENCES organizations (id),
  project_id TEXT REFERENCES projects (id),
  data TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX administrators_of_user
  ON administrators (user_id, role, coalesce(organization_id, ''), coalesce(project_id, ''));
CREATE INDEX administrators_of_organization ON administrators (organization_id, id);
CREATE INDEX administrators_of_project ON administrators (project_id, id);

-- Answers to requests of the management API that may be sent again.
CREATE TABLE kept_answers (
  digest BLOB PRIMARY KEY,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  data TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX kept_answers_by_expiry ON kept_answers (expires_at);
