-- Domains that are an organization's own for certain: whose, for sign-in.
CREATE TABLE verified_domains (
  domain TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (id),
  data TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX verified_domains_of_organization ON verified_domains (organization_id);

-- Whoever could give a domain so far could do anything, so it counts; of two, the first.
INSERT INTO verified_domains (domain, organization_id, data)
SELECT d.value, o.id, json_object('proof', 'vouched', 'verified_at', 0)
FROM organizations o, json_each(o.data, '$.domains') d
WHERE o.state <> 'deleted'
ORDER BY o.id
ON CONFLICT (domain) DO NOTHING;

-- Logos of organizations and applications, as they were encoded anew.
CREATE TABLE images (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  digest TEXT NOT NULL,
  content BLOB NOT NULL,
  data TEXT NOT NULL
) STRICT;
CREATE INDEX images_by_digest ON images (digest);
