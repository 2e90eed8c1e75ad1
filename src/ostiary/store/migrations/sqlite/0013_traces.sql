-- What was asked at a protocol endpoint and how it was answered: redacted, kept for some days.
CREATE TABLE traces (
  id TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  turn INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  client_id TEXT,
  organization_id TEXT,
  project_id TEXT,
  flow TEXT,
  grant_id TEXT,
  session_id TEXT,
  data TEXT NOT NULL
) STRICT;
CREATE INDEX traces_by_time ON traces (at, turn, id);
CREATE INDEX traces_of_client ON traces (client_id, at, turn, id);
CREATE INDEX traces_of_organization ON traces (organization_id, at, turn, id);
CREATE INDEX traces_of_project ON traces (project_id, at, turn, id);
CREATE INDEX traces_of_flow ON traces (flow) WHERE flow IS NOT NULL;
CREATE INDEX traces_of_grant ON traces (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX traces_of_session ON traces (session_id) WHERE session_id IS NOT NULL;
