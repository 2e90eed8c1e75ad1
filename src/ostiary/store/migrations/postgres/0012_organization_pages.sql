-- Domains that are an organization's own for certain: whose, for sign-in.
CREATE TABLE verified_domains (
  domain text COLLATE "C" PRIMARY KEY,
  organization_id text COLLATE "C" NOT NULL REFERENCES organizations (id),
  data json NOT NULL
);
CREATE INDEX verified_domains_of_organization ON verified_domains (organization_id);

-- Whoever could give a domain so far could do anything, so it counts; of two, the first.
INSERT INTO verified_domains (domain, organization_id, data)
SELECT d.value, o.id, json_build_object('proof', 'vouched', 'verified_at', 0)
FROM organizations o, json_array_elements_text(o.data -> 'domains') AS d(value)
WHERE o.state <> 'deleted'
ORDER BY o.id
ON CONFLICT (domain) DO NOTHING;

-- Logos of organizations and applications, as they were encoded anew.
CREATE TABLE images (
  id text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  digest text COLLATE "C" NOT NULL,
  content bytea NOT NULL,
  data json NOT NULL
);
CREATE INDEX images_by_digest ON images (digest);
