-- Lists of users by state.
CREATE INDEX users_by_state ON users (state, id);
CREATE INDEX users_of_organization_by_state ON users (organization_id, state, id);

-- By which words users are found, kept in step with what their rows say.
CREATE TABLE user_words (
  word text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  organization_id text COLLATE "C" NOT NULL,
  state text NOT NULL,
  PRIMARY KEY (word, user_id)
);
CREATE INDEX user_words_of_organization ON user_words (organization_id, word, user_id, state);
CREATE INDEX user_words_of_user ON user_words (user_id, word);
CREATE FUNCTION list_user_words() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  -- A NUL, which JSON may name and text may not hold, is no part of a word.
  words json := replace(NEW.data::text, '\u0000', '\u0001')::json -> 'words';
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF OLD.state = NEW.state AND OLD.organization_id = NEW.organization_id
      AND replace(OLD.data::text, '\u0000', '\u0001')::json ->> 'words'
        IS NOT DISTINCT FROM words::text
    THEN
      RETURN NULL;
    END IF;
    DELETE FROM user_words WHERE user_id = NEW.id;
  END IF;
  INSERT INTO user_words (word, user_id, organization_id, state)
    SELECT word, NEW.id, NEW.organization_id, NEW.state
    FROM json_array_elements_text(words) AS word
    ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$$;
CREATE TRIGGER user_words_of_user AFTER INSERT OR UPDATE OF organization_id, state, data ON users
  FOR EACH ROW EXECUTE FUNCTION list_user_words();
-- Users from before are found by their names as they stand, until they are changed.
INSERT INTO user_words (word, user_id, organization_id, state)
  SELECT lower(left(value, 64)), id, organization_id, state FROM (
    SELECT unnest(ARRAY[username, data ->> 'email', data #>> '{profile,given_name}',
        data #>> '{profile,family_name}']) AS value, id, organization_id, state
    FROM (
      SELECT username, id, organization_id, state,
        replace(data::text, '\u0000', '\u0001')::json AS data
      FROM users
    ) known
  ) named WHERE value <> '' AND state <> 'deleted'
  ON CONFLICT DO NOTHING;

CREATE TABLE memberships (
  organization_id text COLLATE "C" NOT NULL REFERENCES organizations (id),
  user_id text COLLATE "C" NOT NULL REFERENCES users (id),
  data json NOT NULL,
  PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX memberships_of_user ON memberships (user_id, organization_id);

CREATE TABLE user_groups (
  id text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  organization_id text COLLATE "C" NOT NULL REFERENCES organizations (id),
  key text COLLATE "C" NOT NULL,
  data json NOT NULL,
  UNIQUE (organization_id, key)
);
CREATE INDEX user_groups_of_organization ON user_groups (organization_id, id);

CREATE TABLE group_members (
  group_id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL REFERENCES users (id),
  data json NOT NULL,
  PRIMARY KEY (group_id, user_id)
);
CREATE INDEX group_members_of_user ON group_members (user_id, group_id);

CREATE TABLE project_grants (
  id text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  project_id text COLLATE "C" NOT NULL REFERENCES projects (id),
  organization_id text COLLATE "C" NOT NULL REFERENCES organizations (id),
  granted_organization_id text COLLATE "C" NOT NULL REFERENCES organizations (id),
  data json NOT NULL,
  UNIQUE (project_id, granted_organization_id)
);
CREATE INDEX project_grants_of_project ON project_grants (project_id, id);
CREATE INDEX project_grants_of_organization ON project_grants (organization_id, id);
CREATE INDEX project_grants_to_organization ON project_grants (granted_organization_id, id);

-- `user_id` may also be that of a group; `grant_id` is what an assignment by another
-- organization than the project's rests on.
ALTER TABLE role_assignments ADD COLUMN grant_id text COLLATE "C";
DROP INDEX role_assignments_of_user;
CREATE UNIQUE INDEX role_assignments_of_user
  ON role_assignments (user_id, project_id, organization_id);
CREATE INDEX role_assignments_by_subject ON role_assignments (user_id, id);
CREATE INDEX role_assignments_of_grant ON role_assignments (grant_id, id)
  WHERE grant_id IS NOT NULL;

-- `user_id` may be that of a service account.
CREATE TABLE personal_tokens (
  digest bytea PRIMARY KEY,
  version bigint NOT NULL,
  id text COLLATE "C" NOT NULL UNIQUE,
  user_id text COLLATE "C" NOT NULL,
  organization_id text COLLATE "C" NOT NULL REFERENCES organizations (id),
  expires_at bigint NOT NULL,
  data json NOT NULL
);
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
