-- Lists of users by state.
CREATE INDEX users_by_state ON users (state, id);
CREATE INDEX users_of_organization_by_state ON users (organization_id, state, id);

-- By which words users are found, kept in step with what their rows say.
CREATE TABLE user_words (
  word TEXT NOT NULL,
  user_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  state TEXT NOT NULL,
  PRIMARY KEY (word, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_words_of_organization ON user_words (organization_id, word, user_id, state);
CREATE INDEX user_words_of_user ON user_words (user_id, word);
CREATE TRIGGER user_words_of_new_user AFTER INSERT ON users
BEGIN
  INSERT OR IGNORE INTO user_words (word, user_id, organization_id, state)
    SELECT value, NEW.id, NEW.organization_id, NEW.state FROM json_each(NEW.data, '$.words');
END;
CREATE TRIGGER user_words_of_changed_user AFTER UPDATE OF organization_id, state, data ON users
  WHEN OLD.state <> NEW.state OR OLD.organization_id <> NEW.organization_id
    OR json_extract(OLD.data, '$.words') IS NOT json_extract(NEW.data, '$.words')
BEGIN
  DELETE FROM user_words WHERE user_id = NEW.id;
  INSERT OR IGNORE INTO user_words (word, user_id, organization_id, state)
    SELECT value, NEW.id, NEW.organization_id, NEW.state FROM json_each(NEW.data, '$.words');
END;
-- Users from before are found by their names as they stand, until they are changed.
INSERT OR IGNORE INTO user_words (word, user_id, organization_id, state)
  SELECT lower(substr(value, 1, 64)), id, organization_id, state FROM (
    SELECT username AS value, id, organization_id, state FROM users
    UNION ALL SELECT json_extract(data, '$.email'), id, organization_id, state FROM users
    UNION ALL SELECT json_extract(data, '$.profile.given_name'), id, organization_id, state
      FROM users
    UNION ALL SELECT json_extract(data, '$.profile.family_name'), id, organization_id, state
      FROM users
  ) WHERE value <> '' AND state <> 'deleted';

CREATE TABLE memberships (
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  user_id TEXT NOT NULL REFERENCES users (id),
  data TEXT NOT NULL,
  PRIMARY KEY (organization_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX memberships_of_user ON memberships (user_id, organization_id);

CREATE TABLE user_groups (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  key TEXT NOT NULL,
  data TEXT NOT NULL,
  UNIQUE (organization_id, key)
) STRICT;
CREATE INDEX user_groups_of_organization ON user_groups (organization_id, id);

CREATE TABLE group_members (
  group_id TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id),
  data TEXT NOT NULL,
  PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_members_of_user ON group_members (user_id, group_id);

CREATE TABLE project_grants (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  project_id TEXT NOT NULL REFERENCES projects (id),
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  granted_organization_id TEXT NOT NULL REFERENCES organizations (id),
  data TEXT NOT NULL,
  UNIQUE (project_id, granted_organization_id)
) STRICT;
CREATE INDEX project_grants_of_project ON project_grants (project_id, id);
CREATE INDEX project_grants_of_organization ON project_grants (organization_id, id);
CREATE INDEX project_grants_to_organization ON project_grants (granted_organization_id, id);

-- `user_id` may also be that of a group; `grant_id` is what an assignment by another
-- organization than the project's rests on.
ALTER TABLE role_assignments ADD COLUMN grant_id TEXT;
DROP INDEX role_assignments_of_user;
CREATE UNIQUE INDEX role_assignments_of_user
  ON role_assignments (user_id, project_id, organization_id);
CREATE INDEX role_assignments_by_subject ON role_assignments (user_id, id);
CREATE INDEX role_assignments_of_grant ON role_assignments (grant_id, id)
  WHERE grant_id IS NOT NULL;

-- `user_id` may be that of a service account.
CREATE TABLE personal_tokens (
  digest BLOB PRIMARY KEY,
  version INTEGER NOT NULL,
  id TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  expires_at INTEGER NOT NULL,
  data TEXT NOT NULL
) STRICT;
CREATE INDEX personal_tokens_of_user ON personal_tokens (user_id, id);
CREATE INDEX personal_tokens_by_expiry ON personal_tokens (expires_at);

-- Lists of events: those of an organization, of an application, and of the types that are
-- not everyday issuance, which are found soon enough among the newest.
CREATE INDEX events_of_organization ON events (organization_id, seq)
  WHERE organization_id IS NOT NULL;
CREATE INDEX events_of_client ON events (client_id, seq) WHERE client_id IS NOT NULL;
CREATE INDEX events_of_type ON events (type, seq) WHERE type
  NOT IN ('code.issued', 'code.redeemed', 'token.issued', 'token.refreshed', 'token.revoked');

-- Applications and service accounts are listed apart.
CREATE INDEX clients_by_kind ON clients (kind, client_id);
