-- What was asked at a protocol endpoint and how it was answered: redacted, kept for some days.
CREATE TABLE traces (
  id text COLLATE "C" PRIMARY KEY,
  at bigint NOT NULL,
  turn bigint NOT NULL,
  outcome text COLLATE "C" NOT NULL,
  client_id text COLLATE "C",
  organization_id text COLLATE "C",
  project_id text COLLATE "C",
  flow text COLLATE "C",
  grant_id text COLLATE "C",
  session_id text COLLATE "C",
  data json NOT NULL
);
CREATE INDEX traces_by_time ON traces (at, turn, id);
CREATE INDEX traces_of_client ON traces (client_id, at, turn, id);
CREATE INDEX traces_of_organization ON traces (organization_id, at, turn, id);
CREATE INDEX traces_of_project ON traces (project_id, at, turn, id);
CREATE INDEX traces_of_flow ON traces (flow) WHERE flow IS NOT NULL;
CREATE INDEX traces_of_grant ON traces (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX traces_of_session ON traces (session_id) WHERE session_id IS NOT NULL;
