-- What clients were seen to use, and when last: the evidence of lint. Empty ids and names stand
-- for the server itself, which looks since then.
CREATE TABLE client_sightings (
  client_id text COLLATE "C" NOT NULL,
  trait text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  first_seen_at bigint NOT NULL,
  last_seen_at bigint NOT NULL,
  PRIMARY KEY (client_id, trait, value)
);
CREATE INDEX client_sightings_by_age ON client_sightings (last_seen_at);

-- Findings of lint that somebody accepts, and why.
CREATE TABLE silences (
  client_id text COLLATE "C" NOT NULL,
  rule text COLLATE "C" NOT NULL,
  target text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  data jsonb NOT NULL,
  PRIMARY KEY (client_id, rule, target)
);

-- Changes of applications that lint proposed, which can be undone for a time.
CREATE TABLE mends (
  id text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  client_id text COLLATE "C" NOT NULL,
  expires_at bigint NOT NULL,
  data jsonb NOT NULL
);
CREATE INDEX mends_of_client ON mends (client_id, id);
CREATE INDEX mends_by_expiry ON mends (expires_at);
